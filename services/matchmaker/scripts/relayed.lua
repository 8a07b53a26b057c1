#!lua flags=allow-oom
-- The stream has confirmed events of the outbox: they move to `sent`, from where they can be sent again. ARGV: the id of
-- the nats-server that confirmed them, how long and how many events are kept there, then the entries. Idempotent: an
-- entry that is no longer in the outbox was moved before.
--@include queue.lua
local server, kept_ms, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local outbox, sent = prefix .. 'outbox', prefix .. 'sent'
for i = 4, #ARGV do
  if redis.call('LREM', outbox, 1, ARGV[i]) == 1 then
    local readable, entry = pcall(cjson.decode, ARGV[i])
    if readable and entry.at then
      redis.call('RPUSH', sent, server .. ' ' .. entry.at .. ' ' .. ARGV[i])
    end
  end
end
forget_sent(kept_ms, #ARGV)
local over = math.max(0, redis.call('LLEN', sent) - most)
if over > 0 then
  redis.call('LPOP', sent, over)
end
return over
