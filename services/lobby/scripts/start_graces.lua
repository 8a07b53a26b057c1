#!lua
-- Starts the grace periods of a player without a socket: for the party and, if the player is queued, for the ticket.
-- KEYS[1]: the tenant's key prefix. ARGV: player, now in ms, `restart` or `keep` (a grace period that has begun), the
-- grace period of a party in ms, then mode and grace period in ms of each mode.
-- Returns {number of grace periods, the player's party or ''}.
--@include queue.lua
--@include party.lua
local player, now, running, party_grace = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local started = 0

local function start(entry, grace)
  started = started + 1
  local due = string.format('%.0f', now + grace)
  if running == 'keep' then
    redis.call('ZADD', prefix .. 'party_due', 'NX', due, entry)
  else
    redis.call('ZADD', prefix .. 'party_due', due, entry)
  end
end

local party = party_of(player)
if party ~= '' then
  start('member:' .. player, party_grace)
end
local ticket = waiting_ticket_of(player)
local mode = ticket and redis.call('HGET', key_of_ticket(ticket), 'mode')
for i = 5, #ARGV, 2 do
  if ARGV[i] == mode then
    -- A grace period of an earlier ticket does not count for this one.
    if redis.call('HGET', prefix .. 'away_ticket', player) ~= ticket then
      redis.call('ZREM', prefix .. 'party_due', 'ticket:' .. player)
    end
    start('ticket:' .. player, tonumber(ARGV[i + 1]))
    redis.call('HSET', prefix .. 'away_ticket', player, ticket)
  end
end
return {started, party}
