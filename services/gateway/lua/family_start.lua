#!lua
-- A login begins a family of refresh tokens. Only digests of tokens are stored. Nothing in this Redis has a TTL (a
-- clock that jumps would end logins), so each login sweeps a few families whose time is over.
-- KEYS: family, index of families by expiry
-- ARGV: login, player, name, region, digest, expires_at, now, prefix of family keys
local over = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', ARGV[7], 'LIMIT', 0, 4)

for _, login in ipairs(over) do
  redis.call('DEL', ARGV[8] .. login)
  redis.call('ZREM', KEYS[2], login)
end
redis.call('HSET', KEYS[1], 'player', ARGV[2], 'name', ARGV[3], 'region', ARGV[4], 'current', ARGV[5], 'previous', '',
  'generation', 0, 'rotated_at', ARGV[7], 'expires_at', ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[6], ARGV[1])
return #over
