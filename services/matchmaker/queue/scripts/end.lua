#!lua flags=allow-oom
-- Ends a waiting ticket. ARGV: the ticket; then either `cancelled`, the player who asks (or empty), the reason and the
-- player who caused it (or empty); or `timed_out`, the partition and its owner's lease token.
--@include queue.lua
--@include end_ticket.lua
local id, state = ARGV[1], ARGV[2]
local ticket = load_ticket(id)
if not ticket then
  return {'unknown'}
end

if state == 'timed_out' then
  local partition, token = ARGV[3], ARGV[4]
  if redis.call('HGET', prefix .. 'lease:' .. partition, 'token') ~= token then
    return {'lost'}
  end
  if ticket.state ~= 'queued' then
    return {ticket.state}
  end
  local now = bucket_time(partition)
  if now < ticket.deadline then
    return {'early'}
  end
  end_ticket(ticket, 'timed_out', 't:' .. id, now)
  return {'ended'}
end

local asks, reason, player = ARGV[3], ARGV[4], ARGV[5]
if asks ~= '' and not string.find(ticket.players, asks .. '|', 1, true) then
  return {'unknown'}
end
if ticket.state == 'matched' then
  -- Too late to cancel, but remembered: the ticket is not queued again if the match is cancelled.
  redis.call('HSET', key_of_ticket(id), 'no_requeue', '1')
  return {'matched', ticket.match_id}
end
if ticket.state == 'queued' then
  end_ticket(ticket, 'cancelled', 't:' .. id, bucket_time(ticket.partition), reason, player)
  return {'ended'}
end
return {ticket.state}
