#!lua
-- Ends a family, if it is the player's. Again: no effect.
-- KEYS: family, index of families by expiry   ARGV: login, player, prefix of family keys
-- Returns 1 when there is nothing left of it, 0 when it is another player's.
--@include family_records.lua
local player = redis.call('HGET', KEYS[1], 'player')
if player and player ~= ARGV[2] then return 0 end

forget_family(KEYS[2], ARGV[3], ARGV[1])
return 1
