#!lua
-- Gives the tokens of login_take back: the login succeeded, and successes do not count.
-- KEYS: buckets   ARGV: the capacity of each
for i, key in ipairs(KEYS) do
  local tokens = tonumber(redis.call('HGET', key, 'tokens'))
  if tokens then redis.call('HSET', key, 'tokens', tostring(math.min(tonumber(ARGV[i]), tokens + 1))) end
end
return 1
