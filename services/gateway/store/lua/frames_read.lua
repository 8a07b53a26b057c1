#!lua
-- Reads the number of a player's last frame, and the frames that are stored for a replay.
-- KEYS: counter of the player's frames
-- ARGV: the last number that the client has, key of the player's log (not among KEYS because the gateway may only read
-- it)
-- Returns {last number; 0 if there is no counter, log as text: each frame after a line feed; the first may be cut off}.
-- The log is empty if the client has all frames or names no number.
local last = redis.call('GET', KEYS[1]) or '0'
local pieces = {}
if ARGV[1] ~= '0' and ARGV[1] ~= last then pieces = redis.call('LRANGE', ARGV[2], 0, -1) end
return {last, table.concat(pieces)}
