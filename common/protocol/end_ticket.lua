-- Functions that end tickets. Needs queue.lua. The scripts of matchmaker and lobby (leave, kick, disband) share them,
-- so that all ends of tickets are alike.

-- The fields of a ticket that the functions below use, or nil if the ticket is unknown.
local function load_ticket(id)
  local f = redis.call('HMGET', key_of_ticket(id), 'state', 'players', 'party', 'buckets', 'partition', 'attempt',
    'match_id', 'matched_at', 'queued_at', 'deadline', 'no_requeue', 'serverless')
  if not f[1] then
    return nil
  end
  return {id = id, state = f[1], players = f[2], party = f[3], buckets = f[4], partition = f[5], attempt = f[6],
    match_id = f[7], matched_at = tonumber(f[8] or 0), queued_at = tonumber(f[9]), deadline = tonumber(f[10]),
    no_requeue = f[11] == '1', serverless = tonumber(f[12] or 0)}
end

-- Ends a ticket; `state` is cancelled or timed_out. Its entries in the queues are not removed, but get a new change
-- number: the buckets' owners read the change and remove the entries. `holder`: the claim value to release. `reason`
-- and `player` tell the ticket's players why it ended and who caused it (CloseReason in common/contracts/matchmaker.h).
-- The default of `reason` is the state.
local function end_ticket(ticket, state, holder, now, reason, player)
  local change = redis.call('INCR', prefix .. 'change')
  reason = reason or state
  redis.call('HSET', key_of_ticket(ticket.id), 'state', state, 'ended_at', now, 'change', change, 'reason', reason)
  for _, queue in ipairs(queues_of(ticket.buckets)) do
    redis.call('ZADD', queue, 'XX', change, ticket.id)
  end
  redis.call('ZADD', prefix .. 'ended', now, ticket.id)
  local players = ids_of(ticket.players)
  release_claims(players, holder)
  local body = {ticket_id = ticket.id, tenant = tenant, players = players, reason = reason}
  if ticket.party ~= '' then
    body.party_id = ticket.party
  end
  if player and player ~= '' then
    body.player_id = player
  end
  -- The ticket may have ended before, in the part of the queue that was lost. Its event must not be taken for a copy of
  -- the earlier one.
  local ending = reason == 'queue_reset' and '.reset' or '.closed'
  add_event('ticket.closed', ticket.id .. '.' .. ticket.attempt .. ending, body)
end

-- Withdraws a ticket for its players. A queued ticket ends as cancelled. A ticket in a live match is only marked, so
-- that it is not queued again if the match is cancelled. Returns ended, matched, over or unknown. `reason` and `player`
-- as in end_ticket.
local function withdraw_ticket(id, reason, player)
  local ticket = load_ticket(id)
  if not ticket then
    return 'unknown'
  end
  if ticket.state == 'queued' then
    end_ticket(ticket, 'cancelled', 't:' .. id, bucket_time(ticket.partition), reason, player)
    return 'ended'
  end
  if ticket.state == 'matched' and is_live(ticket.match_id) then
    redis.call('HSET', key_of_ticket(id), 'no_requeue', '1')
    return 'matched'
  end
  return 'over'
end
