#!lua flags=no-writes
-- Returns a page of the members of the tenant's parties, with their stored presence. KEYS[1]: the tenant's key prefix.
-- ARGV: cursor (0: the first page), approximate size of the page. Returns {the next cursor (0: this was the last page),
-- player, party, presence or '', player, …}.
local prefix = KEYS[1]
--@include party.lua
local page = redis.call('HSCAN', members, ARGV[1], 'COUNT', ARGV[2])
local answer = {page[1]}
for i = 1, #page[2], 2 do
  local player, party = page[2][i], page[2][i + 1]
  answer[#answer + 1] = player
  answer[#answer + 1] = party
  answer[#answer + 1] = redis.call('HGET', key_of_party(party), 's:' .. player) or ''
end
return answer
