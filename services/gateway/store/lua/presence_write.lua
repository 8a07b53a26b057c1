#!lua
-- Writes the open sockets that a gateway has for a player. Called when a socket opens, periodically before the entry
-- expires, and after an outage of the cache. The sorted set of sockets (member `instance/number`, score: opening time)
-- is authoritative. The presence hash (instance -> count) is derived from the set, for readers who only need to know
-- whether the player is connected. Sockets of dead gateways (without a beat key) are removed. The oldest sockets beyond
-- `most` are evicted. The counter of the player's frames is created, or its lifetime is extended: frames are numbered and
-- stored as long as the counter exists (common/bus/notify.lua).
-- KEYS: presence, sockets, counter of frames, then for each socket: the denial of its login
-- ARGV: instance, expiry in ms, most, prefix of beat keys, lifetime of the counter in seconds, then for each socket: when
-- it opened, its name
-- Returns {number of sockets before, for each socket: 1 if its login has ended, evicted socket, …}

--@include frame_numbers.lua
local before, gone, counts = 0, {}, {}
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local instance = string.match(member, '^(.*)/')
  if instance == ARGV[1] or redis.call('EXISTS', ARGV[4] .. instance) == 1 then
    before = before + 1
  else
    gone[#gone + 1] = member
  end
end
local answer = {before}
for i = 4, #KEYS do answer[#answer + 1] = redis.call('EXISTS', KEYS[i]) end

redis.call('SET', ARGV[4] .. ARGV[1], '1', 'PX', ARGV[2])
for _, member in ipairs(gone) do redis.call('ZREM', KEYS[2], member) end
for i = 6, #ARGV, 2 do redis.call('ZADD', KEYS[2], ARGV[i], ARGV[i + 1]) end
while redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[3]) do
  answer[#answer + 1] = redis.call('ZPOPMIN', KEYS[2])[1]
end
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local instance = string.match(member, '^(.*)/')
  counts[instance] = (counts[instance] or 0) + 1
end
redis.call('DEL', KEYS[1])
for instance, count in pairs(counts) do redis.call('HSET', KEYS[1], instance, count) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
if redis.call('EXPIRE', KEYS[3], ARGV[5]) == 0 then start_frame_numbers(KEYS[3], ARGV[5]) end
return answer
