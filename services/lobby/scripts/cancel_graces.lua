#!lua flags=allow-oom
-- Ends the grace periods of a player who has a socket again. KEYS[1]: the tenant's key prefix. ARGV: player. Returns
-- the player's party or ''.
local prefix = KEYS[1]
--@include party.lua
local player = ARGV[1]

redis.call('HDEL', prefix .. 'away_ticket', player)
redis.call('ZREM', prefix .. 'party_due', 'ticket:' .. player, 'member:' .. player)
return party_of(player)
