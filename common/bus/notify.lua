#!lua
-- Gives a frame of a player its number and appends the frame to the player's log, from which the gateways replay the
-- frames that a client has missed. Number and text of a frame are stored in one step, so they cannot diverge.
-- Returns the number. Returns the negative number if the player has no open socket: the frame is only in the log.
-- Returns 0, and stores nothing, if the player has had no socket for the lifetime of the counter.
--
-- The gateways create the counter when a socket opens, and extend its lifetime while a socket is open. The log is a list
-- of pieces of at most PIECE bytes, of which the last PIECES are kept. A line feed is before each frame, so a reader
-- finds the first frame that is complete.
-- A cache that lost its data does not know who is connected until every gateway has written its presence again. During
-- that time a player without a presence may be connected and is treated as connected; a gateway without the player's
-- socket drops the frame. `seen` exists since the cache was first asked for such a player; `uncertain` expires some time
-- after that.
-- KEYS: counter of the player's frames, seen, uncertain
-- ARGV: the frame before its number, the frame after its number, lifetime of the counter and of the log in seconds,
-- seconds until a missing presence means disconnected, key of the player's presence, key of the log. The last two are
-- not among KEYS because callers may only read the one and only write the other, and Redis requires the right to read
-- and write every key of an EVAL. All keys have the tenant's tag, so they are in one slot.
local PIECE, PIECES = 512, 64

--@include frame_numbers.lua
local connected = redis.call('EXISTS', ARGV[5]) == 1
if not connected then
  if redis.call('EXISTS', KEYS[2]) == 0 then
    redis.call('INCR', KEYS[2])
    redis.call('INCR', KEYS[3])
    redis.call('EXPIRE', KEYS[3], ARGV[4])
    connected = true
  elseif redis.call('EXISTS', KEYS[3]) == 1 then
    connected = true
  elseif redis.call('EXISTS', KEYS[1]) == 0 then
    return 0
  end
end
local seq = redis.call('INCR', KEYS[1])
if seq == 1 then seq = start_frame_numbers(KEYS[1], ARGV[3]) end

local frame = '\n' .. ARGV[1] .. string.format('%.0f', seq) .. ARGV[2]
local pieces = {}
for first = 1, #frame, PIECE do pieces[#pieces + 1] = string.sub(frame, first, first + PIECE - 1) end
if redis.call('RPUSH', ARGV[6], unpack(pieces)) > PIECES then redis.call('LTRIM', ARGV[6], -PIECES, -1) end
redis.call('EXPIRE', ARGV[6], ARGV[3])
return connected and seq or -seq
