-- The records of families of refresh tokens, shared by the scripts that start, rotate and end families. A family is a
-- hash `prefix .. login`. Its login is also in the index of all families (score: expiry) and in `prefix .. 'of:' ..
-- player` (score: time of the login).
local function forget_family(index, prefix, login)
  local player = redis.call('HGET', prefix .. login, 'player')
  if player then redis.call('ZREM', prefix .. 'of:' .. player, login) end
  redis.call('DEL', prefix .. login)
  redis.call('ZREM', index, login)
end
