#!lua
-- Takes one token from a caller's bucket. In the same round trip, reads whether the caller's login has ended, and the
-- home region if the player has changed it.
-- KEYS: bucket [, denied login, home region]   ARGV: capacity, window in ms
-- Returns {allowed, remaining, seconds until full, seconds until one token, denied, home region}
local capacity = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local denied = (KEYS[2] and redis.call('EXISTS', KEYS[2])) or 0
local home = (KEYS[3] and redis.call('GET', KEYS[3])) or ''
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local state = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = tonumber(state[1]) or capacity
-- The clock may jump, so the elapsed time is limited to the range from 0 to one window.
local passed = math.min(math.max(now - (tonumber(state[2]) or now), 0), window)
tokens = math.min(capacity, tokens + passed * capacity / window)
local allowed = 0
if tokens >= 1 then
  tokens = tokens - 1
  allowed = 1
end
local full = math.ceil((capacity - tokens) * window / capacity / 1000)
local retry = 0
if allowed == 0 then retry = math.max(1, math.ceil((1 - tokens) * window / capacity / 1000)) end

redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', tostring(now))
redis.call('PEXPIRE', KEYS[1], window + 1000)
return {allowed, math.floor(tokens), full, retry, denied, home}
