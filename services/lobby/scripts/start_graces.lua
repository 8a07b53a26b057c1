#!lua
-- A player has no socket any more: notes when the grace of their party ends and, if they wait in the queue, that of
-- their ticket. KEYS[1]: the tenant's key prefix. ARGV: player, now in milliseconds, `restart`, or `keep` so that a grace
-- that runs goes on, the party's grace in milliseconds, then mode and grace of each mode.
-- Answers {how many graces were noted, their party or ''}.
local prefix = KEYS[1]
local player, now, running, party_grace = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local noted = 0

local function note(entry, grace)
  noted = noted + 1
  local due = string.format('%.0f', now + grace)
  if running == 'keep' then
    redis.call('ZADD', prefix .. 'party_due', 'NX', due, entry)
  else
    redis.call('ZADD', prefix .. 'party_due', due, entry)
  end
end

local party = redis.call('HGET', prefix .. 'member', player) or ''
if party ~= '' then
  note('member:' .. player, party_grace)
end
local claim = redis.call('HGET', prefix .. 'claim', player)
local ticket = claim and string.match(claim, '^t:(.+)')
local mode = ticket and redis.call('HGET', prefix .. 'ticket:' .. ticket, 'mode')
for i = 5, #ARGV, 2 do
  if ARGV[i] == mode then
    -- A grace that runs for an earlier ticket is not this one's.
    if redis.call('HGET', prefix .. 'away_ticket', player) ~= ticket then
      redis.call('ZREM', prefix .. 'party_due', 'ticket:' .. player)
    end
    note('ticket:' .. player, tonumber(ARGV[i + 1]))
    redis.call('HSET', prefix .. 'away_ticket', player, ticket)
  end
end
return {noted, party}
