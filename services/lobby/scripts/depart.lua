#!lua flags=allow-oom
-- Removes a member who leaves or is kicked; the last one disbands the party. Withdraws the party's ticket in the same
-- step, so that no player is matched with a party that the player has left: a queued ticket is closed, a matched one
-- will not be queued again. KEYS[1]: the tenant's key prefix. ARGV: party, the version that was read, the leaver,
-- `stays` or `disbands` (the party), the reason for the ticket's players, the changes (shared/party_changes.lua).
-- Returns {'changed'}, or {'done', state of the ticket, its match or ''}.
--@include queue.lua
--@include party.lua
--@include end_ticket.lua
--@include party_changes.lua
local party, version, leaver, fate, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = key_of_party(party)
local changes = read_changes(6)

local stored = redis.call('HMGET', key, 'version', 'ticket_id')
if stored[1] ~= version then
  return {'changed'}
end

local ticket_id = stored[2] or ''
local ticket = 'none'
local match_id = ''
if ticket_id ~= '' then
  ticket = withdraw_ticket(ticket_id, reason, leaver)
end
if ticket == 'matched' then
  match_id = redis.call('HGET', key_of_ticket(ticket_id), 'match_id')
else
  ticket_id = ''
end
redis.call('HDEL', members, leaver)
write_invites(changes, party)
if fate == 'disbands' then
  redis.call('DEL', key)
  return {'done', ticket, match_id}
end
write_fields(changes, party)
redis.call('HSET', key, 'ticket_id', ticket_id)
return {'done', ticket, match_id}
