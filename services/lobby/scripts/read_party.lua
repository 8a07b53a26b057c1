#!lua flags=no-writes
-- Reads at one instant a party, its ticket, and the party of the calling player. KEYS[1]: the tenant's key prefix.
-- ARGV: party or '' (then the caller's party), calling player or ''.
-- Returns {party or '', the caller's party or '', fields, ticket}. ticket is {} if the party has none, else {state or
-- '' if the queue does not know it, match or '', 1 while that match is live, 1 if it must not be queued again, reason
-- of its end or ''}.
--@include queue.lua
--@include party.lua
local party, caller = ARGV[1], ARGV[2]

local own = ''
if caller ~= '' then
  own = party_of(caller)
end
if party == '' then
  party = own
end
if party == '' then
  return {'', own, {}, {}}
end
local fields = redis.call('HGETALL', key_of_party(party))
local ticket_id = redis.call('HGET', key_of_party(party), 'ticket_id') or ''
if ticket_id == '' then
  return {party, own, fields, {}}
end
local ticket = redis.call('HMGET', key_of_ticket(ticket_id), 'state', 'match_id', 'no_requeue', 'reason')
local match = ticket[2] or ''
local live = is_live(match) and 1 or 0
return {party, own, fields, {ticket[1] or '', match, live, ticket[3] == '1' and 1 or 0, ticket[4] or ''}}
