#!lua
-- The number of the next frame for a player, or 0 when no socket of theirs is open.
-- KEYS: presence of the player, counter of their frames. ARGV: seconds an unused counter is kept.
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
local seq = redis.call('INCR', KEYS[2])
redis.call('EXPIRE', KEYS[2], ARGV[1])
return seq
