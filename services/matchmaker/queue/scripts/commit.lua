#!lua flags=allow-oom
-- Commits a match of (ticket, attempt) pairs, all or nothing. Only the bucket's owner may do so, which its lease token
-- proves: an owner that was paused and replaced is refused. `run`: the process of redis-server in which the queue was
-- verified. Another process may have loaded an older queue, in which the token is valid too.
--@include queue.lua
--@include run.lua
local run, partition, token, bucket, match, found = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]

local tickets = {}
local mine = 0
for i = 7, #ARGV, 2 do
  local f = redis.call('HMGET', key_of_ticket(ARGV[i]), 'state', 'attempt', 'change', 'match_id', 'deadline',
    'players', 'buckets')
  tickets[#tickets + 1] = {id = ARGV[i], expected = ARGV[i + 1], state = f[1], attempt = f[2], change = f[3],
    match_id = f[4], deadline = tonumber(f[5] or 0), players = f[6], buckets = f[7]}
  if f[1] == 'matched' and f[4] == match then
    mine = mine + 1
  end
end
-- A repetition of a commit whose reply was lost.
if mine == #tickets then
  return {'ok'}
end
if run_id() ~= run then
  return {'unverified'}
end
if redis.call('HGET', prefix .. 'lease:' .. partition, 'token') ~= token then
  return {'lost'}
end
local now = bucket_time(partition)
for _, ticket in ipairs(tickets) do
  if ticket.state ~= 'queued' or ticket.attempt ~= ticket.expected or now >= ticket.deadline then
    return {'refused', ticket.id, ticket.state or '', ticket.attempt or '0', ticket.change or '0'}
  end
end

local claim = {}
local own_queue = prefix .. 'q:' .. bucket
for _, ticket in ipairs(tickets) do
  local change = redis.call('INCR', prefix .. 'change')
  redis.call('HSET', key_of_ticket(ticket.id), 'state', 'matched', 'match_id', match, 'matched_at', now,
    'change', change)
  redis.call('ZREM', own_queue, ticket.id)
  -- The owners of other regions' buckets learn of the match by the new change number, and remove the ticket themselves.
  for _, queue in ipairs(queues_of(ticket.buckets)) do
    redis.call('ZADD', queue, 'XX', change, ticket.id)
  end
  for _, player in ipairs(ids_of(ticket.players)) do
    claim[#claim + 1] = player
    claim[#claim + 1] = 'm:' .. match
  end
end
redis.call('HSET', claims, unpack(claim))
redis.call('HSET', prefix .. 'live', match, found)
redis.call('ZADD', prefix .. 'unconfirmed', now, match)
return {'ok'}
