#!lua flags=allow-oom
-- Deletes tickets and matches that ended long ago, and ticket events that are too old to be sent again. ARGV: partition,
-- token, how long the ended are kept, the limit of deletions of each kind, how long events are kept, the time in ms by
-- the caller's clock.
--@include queue.lua
if redis.call('HGET', prefix .. 'lease:' .. ARGV[1], 'token') ~= ARGV[2] then
  return -1
end
local most, now = tonumber(ARGV[4]), tonumber(ARGV[6])

-- Whether a version 7 id was issued less than `kept` ago. What has such an id is not deleted, because a jump of Redis's
-- clock can make a new end look old: `enqueue` would accept the id again, and an event could not be sent again.
local function is_recent(id, kept)
  if string.sub(id, 15, 15) ~= '7' then
    return false
  end
  return math.abs(now - tonumber(string.sub(id, 1, 8) .. string.sub(id, 10, 13), 16)) < kept
end

-- Entries of `sent` are `<server id> <at> <entry of the outbox>`, in the order in which the stream confirmed them.
local function forget_sent(kept)
  local clock = redis.call('TIME')
  local before = clock[1] * 1000 + math.floor(clock[2] / 1000) - kept
  local sent = prefix .. 'sent'
  for _ = 1, most do
    local first = redis.call('LINDEX', sent, 0)
    local at = first and tonumber(string.match(first, '^%S+ (%d+) ') or 0)
    if not at or at >= before or is_recent(string.match(first, '"message_id":"([^"]+)') or '', kept) then
      return
    end
    redis.call('LPOP', sent)
  end
end
forget_sent(tonumber(ARGV[5]))

local kept = tonumber(ARGV[3])
local before = string.format('%.0f', bucket_time(ARGV[1]) - kept)
local deleted = 0
for _, id in ipairs(redis.call('ZRANGE', prefix .. 'ended', '-inf', before, 'BYSCORE', 'LIMIT', '0', most)) do
  if not is_recent(id, kept) then
    redis.call('UNLINK', key_of_ticket(id))
    redis.call('ZREM', prefix .. 'ended', id)
    deleted = deleted + 1
  end
end
return deleted
