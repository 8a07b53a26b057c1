#!lua flags=allow-oom
-- Moves events from the outbox to `sent`, after the stream confirmed them; from there they can be sent again. ARGV: the
-- id of the nats-server that confirmed them, how many events are kept in `sent`, then the entries.
-- Idempotent: an entry that is not in the outbox was moved before.
--@include queue.lua
local server, most = ARGV[1], tonumber(ARGV[2])
local outbox, sent = prefix .. 'outbox', prefix .. 'sent'
for i = 3, #ARGV do
  if redis.call('LREM', outbox, 1, ARGV[i]) == 1 then
    local readable, entry = pcall(cjson.decode, ARGV[i])
    if readable and entry.at then
      redis.call('RPUSH', sent, server .. ' ' .. entry.at .. ' ' .. ARGV[i])
    end
  end
end
local over = math.max(0, redis.call('LLEN', sent) - most)
if over > 0 then
  redis.call('LPOP', sent, over)
end
return over
