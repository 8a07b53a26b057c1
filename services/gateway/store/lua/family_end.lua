#!lua
-- Ends a family if it belongs to the player. Ending a family that does not exist has no effect.
-- KEYS: family, index of families by expiry   ARGV: login, player, prefix of family keys
-- Returns 1 if the family does not exist any more, 0 if it belongs to another player.
--@include family_records.lua
local player = redis.call('HGET', KEYS[1], 'player')
if player and player ~= ARGV[2] then return 0 end

forget_family(KEYS[2], ARGV[3], ARGV[1])
return 1
