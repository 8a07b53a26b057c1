#!lua flags=allow-oom
-- Makes an open match of session live again, after the queue lost it. ARGV: match, JSON of match.found. The match
-- claims its players. Its tickets, if the queue has them, are in the match; other tickets in which its players wait end.
-- Idempotent: a live match is not changed, and a match whose end was applied to this queue does not become live again.
--@include queue.lua
--@include end_ticket.lua
local match, found = ARGV[1], ARGV[2]
if is_live(match) then
  return {'known'}
end
if has_ended(match) then
  return {'over'}
end
local holder = 'm:' .. match
local claim, waiting, own = {}, {}, {}
for _, team in ipairs(cjson.decode(found).teams) do
  for _, player in ipairs(team.players) do
    claim[#claim + 1] = player.player_id
    claim[#claim + 1] = holder
    waiting[#waiting + 1] = waiting_ticket_of(player.player_id) or nil
    if player.ticket_id then
      own[player.ticket_id] = true
    end
  end
end
for _, id in ipairs(waiting) do
  local ticket = not own[id] and load_ticket(id)
  if ticket and ticket.state == 'queued' then
    end_ticket(ticket, 'cancelled', 't:' .. id, bucket_time(ticket.partition), 'queue_reset')
  end
end
-- An older queue may have a ticket of the match as queued, or in an earlier match that was cancelled.
for id in pairs(own) do
  local ticket = load_ticket(id)
  if ticket and (ticket.state == 'queued' or ticket.state == 'matched') then
    local change = redis.call('INCR', prefix .. 'change')
    redis.call('HSET', key_of_ticket(id), 'state', 'matched', 'match_id', match, 'matched_at',
      bucket_time(ticket.partition), 'change', change)
    redis.call('HDEL', key_of_ticket(id), 'ready_at')
    for _, queue in ipairs(queues_of(ticket.buckets)) do
      redis.call('ZADD', queue, 'XX', change, id)
    end
  end
end
redis.call('HSET', claims, unpack(claim))
redis.call('HSET', prefix .. 'live', match, found)
redis.call('INCR', prefix .. 'change')
return {'restored'}
