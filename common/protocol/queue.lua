-- Key names of the queue, its clock, and helpers; included by all scripts. KEYS[1] of every script is the tenant's
-- prefix, `mm:{<tenant>}:`. Every key a script touches begins with it, so all keys are in one slot. See README.md in
-- this folder.
local prefix = KEYS[1]
local tenant = string.match(prefix, '{(.-)}')
local claims = prefix .. 'claim'

local function key_of_ticket(id)
  return prefix .. 'ticket:' .. id
end

-- The id of the ticket in which the player waits, or nil.
local function waiting_ticket_of(player)
  local held = redis.call('HGET', claims, player)
  return held and string.match(held, '^t:(.+)')
end

-- Whether the match has been found and is not over.
local function is_live(match)
  return redis.call('HEXISTS', prefix .. 'live', match) == 1
end

-- Whether the match or ticket has ended, and was not swept yet.
local function has_ended(id)
  return redis.call('ZSCORE', prefix .. 'ended', id) ~= false
end

-- Bucket time in milliseconds: Redis's wall clock plus the partition's `offset_ms`, which compensates observed jumps.
local function bucket_time(partition)
  local clock = redis.call('TIME')
  local offset = redis.call('HGET', prefix .. 'lease:' .. partition, 'offset_ms')
  return clock[1] * 1000 + math.floor(clock[2] / 1000) + (tonumber(offset) or 0)
end

-- The ids in a ticket's `players` field, which is `<player>|<mmr>|<deviation>`, joined by commas.
local function ids_of(players)
  local ids = {}
  for id in string.gmatch(players, '([^|,]+)|[^,]*') do
    ids[#ids + 1] = id
  end
  return ids
end

local function queues_of(buckets)
  local queues = {}
  for bucket in string.gmatch(buckets, '[^,]+') do
    queues[#queues + 1] = prefix .. 'q:' .. bucket
  end
  return queues
end

-- Deletes only the claims with the value `holder`: a player who was claimed again since keeps the new claim.
local function release_claims(players, holder)
  local held = redis.call('HMGET', claims, unpack(players))
  local released = {}
  for i, player in ipairs(players) do
    if held[i] == holder then
      released[#released + 1] = player
    end
  end
  if #released > 0 then
    redis.call('HDEL', claims, unpack(released))
  end
end

-- Appends a ticket event to the outbox, in the same script as the change it reports, so both are written or neither.
-- The relay sends it to the stream. `at` is Redis's clock in ms; it only limits how long the event is kept for sending
-- again.
local function add_event(subject, message_id, body)
  local clock = redis.call('TIME')
  redis.call('RPUSH', prefix .. 'outbox', cjson.encode({subject = subject, message_id = message_id,
    at = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000)), body = body}))
end
