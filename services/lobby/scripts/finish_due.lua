#!lua flags=allow-oom
-- What was due has been dealt with; if it was noted anew meanwhile, it stays. KEYS[1]: the tenant's key prefix. ARGV:
-- entry, the due time that its taker gave it.
local prefix = KEYS[1]
local entry, taken_until = ARGV[1], tonumber(ARGV[2])

local due = redis.call('ZSCORE', prefix .. 'party_due', entry)
if not due or tonumber(due) ~= taken_until then
  return 0
end
local player = string.match(entry, '^ticket:(.+)')
if player then
  redis.call('HDEL', prefix .. 'away_ticket', player)
end
return redis.call('ZREM', prefix .. 'party_due', entry)
