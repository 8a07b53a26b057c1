#!lua flags=allow-oom
-- A player is back, or their ticket has been dealt with. KEYS[1]: the tenant's key prefix. ARGV: player, and the ticket
-- that was dealt with ('' when the player is back): a player who went away again with another ticket stays noted.
local prefix = KEYS[1]
local player, ticket = ARGV[1], ARGV[2]

if ticket ~= '' and redis.call('HGET', prefix .. 'away_ticket', player) ~= ticket then
  return 0
end
redis.call('HDEL', prefix .. 'away_ticket', player)
return redis.call('ZREM', prefix .. 'away', player)
