-- Families of refresh tokens, for the scripts that start and end them: a hash `prefix .. login`, the index of all
-- families by expiry, and `prefix .. 'of:' .. player` with a player's logins by age.
local function forget_family(index, prefix, login)
  local player = redis.call('HGET', prefix .. login, 'player')
  if player then redis.call('ZREM', prefix .. 'of:' .. player, login) end
  redis.call('DEL', prefix .. login)
  redis.call('ZREM', index, login)
end
