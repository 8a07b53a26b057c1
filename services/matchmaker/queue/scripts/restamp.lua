#!lua flags=allow-oom
-- Corrects a ticket that was queued between a jump of Redis's clock and the poll that noticed the jump. ARGV:
-- partition, token, ticket, attempt, milliseconds to add.
--@include queue.lua
local ticket_key, by = key_of_ticket(ARGV[3]), ARGV[5]
if redis.call('HGET', prefix .. 'lease:' .. ARGV[1], 'token') ~= ARGV[2] then
  return 0
end
local f = redis.call('HMGET', ticket_key, 'state', 'attempt')
if f[1] ~= 'queued' or f[2] ~= ARGV[4] then
  return 0
end
redis.call('HINCRBY', ticket_key, 'queued_at', by)
redis.call('HINCRBY', ticket_key, 'deadline', by)
return 1
