#!lua
-- A gateway repeats which sockets of a player it holds, before the entry expires; after the cache was lost this brings it
-- back. It also asks whether the login of one of them was ended meanwhile.
-- KEYS: presence, sockets, denied logins …
-- ARGV: instance, expiry in ms, prefix of beat keys, then (opened at, socket) for each
-- Returns {denied, …}: 1 or 0 for each login
local denied = {}
for i = 3, #KEYS do denied[#denied + 1] = redis.call('EXISTS', KEYS[i]) end

redis.call('SET', ARGV[3] .. ARGV[1], '1', 'PX', ARGV[2])
for i = 4, #ARGV, 2 do redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], ARGV[1], (#ARGV - 3) / 2)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return denied
