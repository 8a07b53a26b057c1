#!lua flags=allow-oom
-- Claims due timers: postpones the due time of each, so that another instance can claim the timer only if this one does
-- not finish it (finish_due.lua). KEYS[1]: the tenant's key prefix. ARGV: now, the next due time, the maximum number.
-- Returns entry, ticket or '', entry, ticket or '', …
local prefix = KEYS[1]
local now, again, limit = ARGV[1], ARGV[2], ARGV[3]

local claimed = {}
for _, entry in ipairs(redis.call('ZRANGE', prefix .. 'party_due', '-inf', now, 'BYSCORE', 'LIMIT', '0', limit)) do
  redis.call('ZADD', prefix .. 'party_due', 'XX', again, entry)
  local player = string.match(entry, '^ticket:(.+)')
  claimed[#claimed + 1] = entry
  claimed[#claimed + 1] = player and redis.call('HGET', prefix .. 'away_ticket', player) or ''
end
return claimed
