#!lua flags=allow-oom
-- A player has a socket again: no grace runs any more. KEYS[1]: the tenant's key prefix. ARGV: player. Answers their
-- party or ''.
local prefix = KEYS[1]
local player = ARGV[1]

redis.call('HDEL', prefix .. 'away_ticket', player)
redis.call('ZREM', prefix .. 'party_due', 'ticket:' .. player, 'member:' .. player)
return redis.call('HGET', prefix .. 'member', player) or ''
