#!lua
-- The last socket of a player has closed: notes their waiting ticket, and when their grace ends. A player without a
-- waiting ticket is left alone. KEYS[1]: the tenant's key prefix. ARGV: player, now in milliseconds, then mode and grace
-- in milliseconds of each mode. Answers 1 if it was noted.
local prefix = KEYS[1]
local player, now = ARGV[1], tonumber(ARGV[2])

local claim = redis.call('HGET', prefix .. 'claim', player)
if not claim or string.sub(claim, 1, 2) ~= 't:' then
  return 0
end
local ticket = string.sub(claim, 3)
local mode = redis.call('HGET', prefix .. 'ticket:' .. ticket, 'mode')
for i = 3, #ARGV, 2 do
  if ARGV[i] == mode then
    redis.call('ZADD', prefix .. 'away', string.format('%.0f', now + tonumber(ARGV[i + 1])), player)
    redis.call('HSET', prefix .. 'away_ticket', player, ticket)
    return 1
  end
end
return 0
