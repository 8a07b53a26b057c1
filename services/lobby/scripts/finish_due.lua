#!lua flags=allow-oom
-- Removes a timer that has been handled, unless it was set again meanwhile. KEYS[1]: the tenant's key prefix. ARGV:
-- entry, the due time that claim_due.lua gave it. Returns 1 if the timer was removed.
local prefix = KEYS[1]
local entry, claimed_until = ARGV[1], tonumber(ARGV[2])

local due = redis.call('ZSCORE', prefix .. 'party_due', entry)
if not due or tonumber(due) ~= claimed_until then
  return 0
end
local player = string.match(entry, '^ticket:(.+)')
if player then
  redis.call('HDEL', prefix .. 'away_ticket', player)
end
return redis.call('ZREM', prefix .. 'party_due', entry)
