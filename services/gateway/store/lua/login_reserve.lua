#!lua
-- Reserves a token for an attempt to log in, in each of several buckets of failures. Only a failure takes the tokens.
-- While all remaining tokens of a bucket are reserved by attempts in progress, the attempt must wait for their outcome.
-- KEYS: for each bucket: the bucket, its attempts in progress (a sorted set, score: when the reservation expires)
-- ARGV: attempt, window in ms, lease of a reservation in ms, then the capacity of each bucket
-- Returns {'go' | 'wait' | 'refused', if refused: seconds until every bucket has a token}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local window = tonumber(ARGV[2])
local retry, waits = 0, false
for i = 1, #KEYS / 2 do
  local capacity = tonumber(ARGV[3 + i])
  local state = redis.call('HMGET', KEYS[2 * i - 1], 'tokens', 'at')
  local passed = math.min(math.max(now - (tonumber(state[2]) or now), 0), window)
  local tokens = math.min(capacity, (tonumber(state[1]) or capacity) + passed * capacity / window)
  if tokens < 1 then retry = math.max(retry, math.ceil((1 - tokens) * window / capacity / 1000), 1) end
  waits = waits or tokens - redis.call('ZCOUNT', KEYS[2 * i], now, '+inf') < 1
end
if retry > 0 then return {'refused', retry} end
if waits then return {'wait', 0} end

for i = 2, #KEYS, 2 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now)
  redis.call('ZADD', KEYS[i], now + tonumber(ARGV[3]), ARGV[1])
  redis.call('PEXPIRE', KEYS[i], ARGV[3])
end
return {'go', 0}
