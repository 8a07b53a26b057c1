#!lua
-- Writes a decided change of a party, if nobody changed the party since it was read. The version is enough to know that:
-- members, leader, readiness, invitations and the ticket never change without it. KEYS[1]: the tenant's key prefix.
-- ARGV: party, the version it was decided upon, the joining player or '', how many fields to write, name and value of
-- each, names of fields to remove.
local prefix = KEYS[1]
local party, version, joiner, writes = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local key, member = prefix .. 'party:' .. party, prefix .. 'member'

if redis.call('HGET', key, 'version') ~= version then
  return 'changed'
end
if joiner ~= '' and redis.call('HEXISTS', member, joiner) == 1 then
  return 'already_in_party'
end

for i = 5, 4 + 2 * writes, 2 do
  redis.call('HSET', key, ARGV[i], ARGV[i + 1])
end
for i = 5 + 2 * writes, #ARGV do
  redis.call('HDEL', key, ARGV[i])
end
if joiner ~= '' then
  redis.call('HSET', member, joiner, party)
end
return 'done'
