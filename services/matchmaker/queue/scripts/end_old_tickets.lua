#!lua flags=allow-oom
-- Ends tickets that an older queue has as queued, because it is not known what became of them. ARGV: bucket; the time
-- before which they were queued; a change number; the limit of tickets to look at. Looks at tickets with a greater change
-- number. Returns the number of tickets looked at, and the change number of the last one.
--@include queue.lua
--@include end_ticket.lua
local bucket, before, most = ARGV[1], tonumber(ARGV[2]), ARGV[4]
local queue = prefix .. 'q:' .. bucket
local entries = redis.call('ZRANGE', queue, '(' .. ARGV[3], '+inf', 'BYSCORE', 'LIMIT', '0', most, 'WITHSCORES')
for i = 1, #entries, 2 do
  local id = entries[i]
  local ticket = load_ticket(id)
  local state = ticket and ticket.state
  -- The time spent in failed matches has moved `queued_at`.
  local spent = redis.call('HGET', key_of_ticket(id), 'spent_matched')
  local old = state == 'queued' and ticket.queued_at - (tonumber(spent) or 0) < before
  if old then
    end_ticket(ticket, 'cancelled', 't:' .. id, bucket_time(ticket.partition), 'queue_reset')
  end
  if old or state ~= 'queued' then
    redis.call('ZREM', queue, id)
  end
end
return {#entries / 2, entries[#entries] or ARGV[3]}
