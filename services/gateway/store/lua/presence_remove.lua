#!lua
-- Removes a closed socket of a player from presence.
-- KEYS: presence, sockets   ARGV: instance, socket
-- Returns the number of sockets that the player still has, on all gateways.
local mine, left = 0, 0
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if member ~= ARGV[2] then
    left = left + 1
    if string.match(member, '^(.*)/') == ARGV[1] then mine = mine + 1 end
  end
end

redis.call('ZREM', KEYS[2], ARGV[2])
if mine > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], mine)
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return left
