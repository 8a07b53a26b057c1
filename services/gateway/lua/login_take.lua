#!lua
-- Takes one token from each of several buckets, or from none: an attempt to log in counts as failed until it succeeds.
-- KEYS: buckets   ARGV: window in ms, then the capacity of each bucket
-- Returns {allowed, seconds until every bucket has a token}
local window = tonumber(ARGV[1])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local tokens = {}
local retry = 0
for i, key in ipairs(KEYS) do
  local capacity = tonumber(ARGV[i + 1])
  local state = redis.call('HMGET', key, 'tokens', 'at')
  local passed = math.min(math.max(now - (tonumber(state[2]) or now), 0), window)
  tokens[i] = math.min(capacity, (tonumber(state[1]) or capacity) + passed * capacity / window)
  if tokens[i] < 1 then retry = math.max(retry, math.ceil((1 - tokens[i]) * window / capacity / 1000), 1) end
end
if retry > 0 then return {0, retry} end

for i, key in ipairs(KEYS) do
  redis.call('HSET', key, 'tokens', tostring(tokens[i] - 1), 'at', tostring(now))
  redis.call('PEXPIRE', key, window + 1000)
end
return {1, 0}
