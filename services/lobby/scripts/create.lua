#!lua
-- Creates a party, unless its creator is in a party or in the queue. KEYS[1]: the tenant's key prefix. ARGV: party,
-- creator, the changes (shared/party_changes.lua). Returns {'done'}, {'already_in_party'} or {'already_queued',
-- ticket}.
--@include queue.lua
--@include party.lua
--@include enter_party.lua
--@include party_changes.lua
local party, creator = ARGV[1], ARGV[2]

if party_of(creator) ~= '' then
  return {'already_in_party'}
end
local waiting = waiting_ticket_of(creator)
if waiting then
  return {'already_queued', waiting}
end

give_up_requeue(creator)
write_fields(read_changes(3), party)
redis.call('HSET', members, creator, party)
return {'done'}
