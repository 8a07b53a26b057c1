#!lua flags=allow-oom
-- Deletes tickets that ended long ago, and ticket events that are too old to be sent again. ARGV: partition, token, how
-- long ended tickets are kept, the limit of deletions of each kind, how long events are kept.
--@include queue.lua
if redis.call('HGET', prefix .. 'lease:' .. ARGV[1], 'token') ~= ARGV[2] then
  return -1
end
local before = bucket_time(ARGV[1]) - ARGV[3]
local old = redis.call('ZRANGE', prefix .. 'ended', '-inf', string.format('%.0f', before), 'BYSCORE', 'LIMIT', '0',
  ARGV[4])
forget_sent(tonumber(ARGV[5]), tonumber(ARGV[4]))
for _, id in ipairs(old) do
  redis.call('UNLINK', key_of_ticket(id))
  redis.call('ZREM', prefix .. 'ended', id)
end
return #old
