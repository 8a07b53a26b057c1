#!lua
-- Starts a family of refresh tokens for a login. Only digests of tokens are stored. Nothing in this Redis has a TTL (a
-- clock jump could end logins), so each login removes a few expired families. The player's oldest logins beyond `most`
-- are ended, so that repeated logins cannot fill the memory.
-- KEYS: family, index of families by expiry
-- ARGV: login, player, name, region, digest, expires_at, now, prefix of family keys, most
-- Returns the ended logins of the player.
--@include family_records.lua
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[7], 'LIMIT', 0, 4)
local mine = ARGV[8] .. 'of:' .. ARGV[2]
local surplus = redis.call('ZRANGE', mine, 0, -tonumber(ARGV[9]))

for _, login in ipairs(over) do forget_family(KEYS[2], ARGV[8], login) end
for _, login in ipairs(surplus) do forget_family(KEYS[2], ARGV[8], login) end
redis.call('HSET', KEYS[1], 'player', ARGV[2], 'name', ARGV[3], 'region', ARGV[4], 'current', ARGV[5], 'previous', '',
  'generation', 0, 'rotated_at', ARGV[7], 'expires_at', ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[6], ARGV[1])
redis.call('ZADD', mine, ARGV[7], ARGV[1])
return surplus
