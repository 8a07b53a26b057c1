#!lua flags=allow-oom
-- What is due, each handed to one taker: its due time moves on, so that another taker comes only if this one never
-- reports back (finish_due.lua). KEYS[1]: the tenant's key prefix. ARGV: now, the next due time, the most to take.
-- Answers entry, ticket or '', entry, ticket or '' …
local prefix = KEYS[1]
local now, again, most = ARGV[1], ARGV[2], ARGV[3]

local taken = {}
for _, entry in ipairs(redis.call('ZRANGE', prefix .. 'party_due', '-inf', now, 'BYSCORE', 'LIMIT', '0', most)) do
  redis.call('ZADD', prefix .. 'party_due', 'XX', again, entry)
  local player = string.match(entry, '^ticket:(.+)')
  taken[#taken + 1] = entry
  taken[#taken + 1] = player and redis.call('HGET', prefix .. 'away_ticket', player) or ''
end
return taken
