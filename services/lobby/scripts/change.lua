#!lua
-- Writes a change of a party, unless the version of the party has changed since it was read. Every change of members,
-- leader, readiness, presence, invitations or ticket changes the version. KEYS[1]: the tenant's key prefix. ARGV:
-- party, the version that was read, the joining player or '', the maximum number of open invitations of a player, the
-- changes (shared/party_changes.lua).
-- Returns {'done'}, {'changed'}, {'already_in_party'}, {'already_queued', ticket} or {'too_many_invites', player}.
--@include queue.lua
--@include party.lua
--@include enter_party.lua
--@include party_changes.lua
local party, version, joiner, invites_max = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local changes = read_changes(5)

if redis.call('HGET', key_of_party(party), 'version') ~= version then
  return {'changed'}
end
if joiner ~= '' then
  if party_of(joiner) ~= '' then
    return {'already_in_party'}
  end
  local waiting = waiting_ticket_of(joiner)
  if waiting then
    return {'already_queued', waiting}
  end
end
local full = player_at_limit(changes, party, invites_max)
if full then
  return {'too_many_invites', full}
end

write_fields(changes, party)
write_invites(changes, party)
if joiner ~= '' then
  give_up_requeue(joiner)
  redis.call('HSET', members, joiner, party)
end
return {'done'}
