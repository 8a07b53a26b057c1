#!lua
-- The number of the next frame for a player, or 0 when no socket of theirs is open.
-- KEYS: counter of their frames. ARGV: seconds an unused counter is kept, presence of the player. The presence is not
-- among the keys: callers may only read it, and Redis wants the right to write for every key of an EVAL. Both keys have
-- the tenant's tag, so they are in one slot.
if redis.call('EXISTS', ARGV[2]) == 0 then
  return 0
end
local seq = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[1])
return seq
