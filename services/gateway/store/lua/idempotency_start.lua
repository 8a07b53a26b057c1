#!lua
-- Begins an attempt under an Idempotency-Key, or returns the state of an earlier attempt. The lease of a running record
-- is as long as its request may take. If a record is still running after its lease, its gateway has died or the reply
-- to this script was lost, and a new attempt may begin. `created_at` is kept, so that ids derived from it stay the
-- same.
-- KEYS: record, index of records by expiry
-- ARGV: id of the record, digest of the request, attempt, now, lease until, expires_at, prefix of record keys, owner,
--       most bytes of the records of one owner, bytes of a record without its answer
-- Returns {'fresh', created_at} | {'running', ms until the lease ends} | {'mismatch'} | {'done', answer}
--@include keyed_records.lua
local now = tonumber(ARGV[4])
local record = redis.call('HMGET', KEYS[1], 'request', 'state', 'lease_until', 'created_at', 'answer', 'expires_at')
local known = record[1] and tonumber(record[6]) > now
if known and record[1] ~= ARGV[2] then return {'mismatch'} end
if known and record[2] == 'done' then return {'done', record[5]} end
if known and record[2] == 'running' and tonumber(record[3]) > now then return {'running', tonumber(record[3]) - now} end
local created_at = (known and record[4]) or ARGV[4]

for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[4], 'LIMIT', 0, 4)) do
  forget_record(KEYS[2], ARGV[7], id)
end
make_room(KEYS[2], ARGV[7], ARGV[8], tonumber(ARGV[9]) - tonumber(ARGV[10]), now)
redis.call('HSET', KEYS[1], 'request', ARGV[2], 'state', 'running', 'attempt', ARGV[3], 'lease_until', ARGV[5],
  'created_at', created_at, 'expires_at', ARGV[6], 'of', ARGV[8], 'bytes', ARGV[10])
redis.call('ZADD', KEYS[2], ARGV[6], ARGV[1])
redis.call('ZADD', ARGV[7] .. 'of:' .. ARGV[8], created_at, ARGV[1])
return {'fresh', created_at}
