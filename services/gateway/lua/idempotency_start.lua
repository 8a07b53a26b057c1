#!lua
-- Begins the work of an Idempotency-Key, or says what became of it. A record that is still running after `lease` belongs
-- to a gateway that died: the work may be tried again. `created_at` stays, so that ids derived from it stay too.
-- KEYS: record, index of records by expiry
-- ARGV: id of the record, digest of the request, owner, now, lease in ms, expires_at, prefix of record keys
-- Returns {'fresh', created_at} | {'running'} | {'mismatch'} | {'done', answer}
local now = tonumber(ARGV[4])
local record = redis.call('HMGET', KEYS[1], 'request', 'state', 'started_at', 'created_at', 'answer', 'expires_at')
local known = record[1] and tonumber(record[6]) > now
if known and record[1] ~= ARGV[2] then return {'mismatch'} end
if known and record[2] == 'done' then return {'done', record[5]} end
if known and record[2] == 'running' and now - tonumber(record[3]) < tonumber(ARGV[5]) then return {'running'} end
local created_at = (known and record[4]) or ARGV[4]
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[4], 'LIMIT', 0, 4)

for _, id in ipairs(over) do
  redis.call('DEL', ARGV[7] .. id)
  redis.call('ZREM', KEYS[2], id)
end
redis.call('HSET', KEYS[1], 'request', ARGV[2], 'state', 'running', 'owner', ARGV[3], 'started_at', ARGV[4],
  'created_at', created_at, 'expires_at', ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[6], ARGV[1])
return {'fresh', created_at}
