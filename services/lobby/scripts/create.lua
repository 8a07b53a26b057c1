#!lua
-- Founds a party, unless its founder is in one. KEYS[1]: the tenant's key prefix. ARGV: party, founder, then name and
-- value of each field.
local prefix = KEYS[1]
local party, founder = ARGV[1], ARGV[2]

if redis.call('HEXISTS', prefix .. 'member', founder) == 1 then
  return 'already_in_party'
end

local fields = {}
for i = 3, #ARGV do
  fields[#fields + 1] = ARGV[i]
end
redis.call('HSET', prefix .. 'party:' .. party, unpack(fields))
redis.call('HSET', prefix .. 'member', founder, party)
return 'done'
