#!lua
-- Founds a party, unless its founder is in one or waits in the queue. KEYS[1]: the tenant's key prefix. ARGV: party,
-- founder, the changes (shared/party_changes.lua). Answers {'done'}, {'already_in_party'} or {'already_queued', ticket}.
--@include queue.lua
--@include enter_party.lua
--@include party_changes.lua
local party, founder = ARGV[1], ARGV[2]

if redis.call('HEXISTS', prefix .. 'member', founder) == 1 then
  return {'already_in_party'}
end
local waiting = waiting_ticket_of(founder)
if waiting then
  return {'already_queued', waiting}
end

give_up_requeue(founder)
write_fields(read_changes(3), party)
redis.call('HSET', prefix .. 'member', founder, party)
return {'done'}
