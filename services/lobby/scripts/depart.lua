#!lua flags=allow-oom
-- A member goes: leaves or is kicked, and the last one disbands the party. Their ticket goes with them in the same
-- step, so that nobody is matched with a party they have left: a waiting one ends, one in a match is not queued again.
-- KEYS[1]: the tenant's key prefix. ARGV: party, the version it was decided upon, the leaver, `stays` or `disbands`,
-- the reason that the ticket's players are told, the changes (shared/party_changes.lua).
-- Answers {'changed'}, or {'done', where the ticket stands now, the match it is in}.
--@include queue.lua
--@include end_ticket.lua
--@include party_changes.lua
local party, version, leaver, fate, reason = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local key = prefix .. 'party:' .. party
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
redis.call('HDEL', prefix .. 'member', leaver)
write_invites(changes, party)
if fate == 'disbands' then
  redis.call('DEL', key)
  return {'done', ticket, match_id}
end
write_fields(changes, party)
redis.call('HSET', key, 'ticket_id', ticket_id)
return {'done', ticket, match_id}
