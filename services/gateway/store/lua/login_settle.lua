#!lua
-- Settles an attempt to log in: ends its reservations and, for a failure, takes a token from each bucket.
-- KEYS: for each bucket: the bucket, its attempts in progress
-- ARGV: attempt, window in ms, 1 for a failure, then the capacity of each bucket
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local window = tonumber(ARGV[2])

for i = 1, #KEYS / 2 do
  redis.call('ZREM', KEYS[2 * i], ARGV[1])
  if ARGV[3] == '1' then
    local capacity = tonumber(ARGV[3 + i])
    local state = redis.call('HMGET', KEYS[2 * i - 1], 'tokens', 'at')
    local passed = math.min(math.max(now - (tonumber(state[2]) or now), 0), window)
    local tokens = math.min(capacity, (tonumber(state[1]) or capacity) + passed * capacity / window)
    redis.call('HSET', KEYS[2 * i - 1], 'tokens', tostring(tokens - 1), 'at', tostring(now))
    redis.call('PEXPIRE', KEYS[2 * i - 1], window + 1000)
  end
end
return 1
