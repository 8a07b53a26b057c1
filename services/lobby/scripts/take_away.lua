#!lua flags=allow-oom
-- Players whose grace has ended, each handed to one taker: their due time moves on, so that another taker comes only
-- if this one never reports back (forget_away.lua). KEYS[1]: the tenant's key prefix. ARGV: now, the next due time, the
-- most to take. Answers player, ticket, player, ticket …
local prefix = KEYS[1]
local now, again, most = ARGV[1], ARGV[2], ARGV[3]

local taken = {}
for _, player in ipairs(redis.call('ZRANGE', prefix .. 'away', '-inf', now, 'BYSCORE', 'LIMIT', '0', most)) do
  redis.call('ZADD', prefix .. 'away', 'XX', again, player)
  taken[#taken + 1] = player
  taken[#taken + 1] = redis.call('HGET', prefix .. 'away_ticket', player) or ''
end
return taken
