#!lua
-- Returns the number of the next frame for a player, or 0 if the player has no open socket.
-- A cache that lost its data does not know who is connected until every gateway has written its presence again. During
-- that time a player without a presence may be connected and gets a number too; a gateway without the player's socket
-- drops the frame. `seen` exists since the cache was first asked for such a player; `uncertain` expires some time after
-- that.
-- KEYS: counter of the player's frames, seen, uncertain
-- ARGV: seconds for which an unused counter is kept, seconds until a missing presence means disconnected, key of the
-- player's presence. The presence is not among KEYS because callers may only read it, and Redis requires the right to
-- write every key of an EVAL. All keys have the tenant's tag, so they are in one slot.
if redis.call('EXISTS', ARGV[3]) == 0 then
  if redis.call('EXISTS', KEYS[2]) == 0 then
    redis.call('INCR', KEYS[2])
    redis.call('INCR', KEYS[3])
    redis.call('EXPIRE', KEYS[3], ARGV[2])
  elseif redis.call('EXISTS', KEYS[3]) == 0 then
    return 0
  end
end
local seq = redis.call('INCR', KEYS[1])
redis.call('EXPIRE', KEYS[1], ARGV[1])
return seq
