#!lua
-- Enqueues a ticket in its buckets and claims its players, or returns why it cannot.
--@include queue.lua
--@include party.lua
local id, content, age = ARGV[1], ARGV[2], tonumber(ARGV[3])
local players, party, party_version = ARGV[4], ARGV[5], ARGV[6]
local mode, region, size, latencies, buckets, partition = ARGV[7], ARGV[8], ARGV[9], ARGV[10], ARGV[11], ARGV[12]
local max_wait, estimate = tonumber(ARGV[13]), ARGV[14]
local tickets_max, players_max, buckets_max = tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])
local unknown_max_age = tonumber(ARGV[18])

local ticket_key = key_of_ticket(id)
local known = redis.call('HMGET', ticket_key, 'hash', 'answer')
if known[1] then
  if known[1] ~= content then
    return {'conflict'}
  end
  return {'same', known[2]}
end

-- A delayed copy of a request, whose ticket has ended and been swept meanwhile, must not queue the ticket again. The
-- caller computes the age of the id: Redis's clock may have jumped, and nobody corrects it for a bucket without an owner.
if age > unknown_max_age then
  return {'expired'}
end
local now = bucket_time(partition)

local ids = ids_of(players)
local held = redis.call('HMGET', claims, unpack(ids))
for i, player in ipairs(ids) do
  if held[i] then
    return {'claimed', player, held[i]}
  end
end

-- Members of a party wait only in their party's ticket. This detects players who joined a party after the caller
-- checked.
for i, of in ipairs(redis.call('HMGET', members, unpack(ids))) do
  if of and of ~= party then
    return {'in_party', ids[i]}
  end
end

local party_key = key_of_party(party)
if party_version ~= '' then
  local of = redis.call('HMGET', party_key, 'version', 'ticket_id')
  if of[1] ~= party_version then
    return {'party_changed'}
  end
  if of[2] and of[2] ~= '' then
    local earlier = redis.call('HMGET', key_of_ticket(of[2]), 'state', 'match_id')
    if earlier[1] == 'queued' then
      return {'claimed', ids[1], 't:' .. of[2]}
    end
    if earlier[1] == 'matched' and is_live(earlier[2]) then
      return {'claimed', ids[1], 'm:' .. earlier[2]}
    end
  end
end

local queues = queues_of(buckets)
if redis.call('HLEN', claims) + #ids > players_max or redis.call('ZCARD', queues[1]) >= tickets_max then
  return {'full'}
end
local names = {}
for bucket in string.gmatch(buckets, '[^,]+') do
  names[#names + 1] = bucket
end
local known_buckets = redis.call('SCARD', prefix .. 'buckets')
if known_buckets + #names > buckets_max then
  for _, is_known in ipairs(redis.call('SMISMEMBER', prefix .. 'buckets', unpack(names))) do
    if is_known == 0 then
      return {'full'}
    end
  end
end

local change = redis.call('INCR', prefix .. 'change')
local answer = string.format('%.0f', now) .. '|' .. estimate
redis.call('HSET', ticket_key, 'state', 'queued', 'hash', content, 'answer', answer, 'players', players, 'party', party,
  'party_version', party_version, 'mode', mode, 'region', region, 'size', size, 'latencies', latencies,
  'buckets', buckets, 'partition', partition, 'queued_at', now, 'deadline', now + max_wait, 'attempt', 1,
  'change', change)
local claim = {}
for _, player in ipairs(ids) do
  claim[#claim + 1] = player
  claim[#claim + 1] = 't:' .. id
end
redis.call('HSET', claims, unpack(claim))
for _, queue in ipairs(queues) do
  redis.call('ZADD', queue, change, id)
end
local fresh = redis.call('SADD', prefix .. 'buckets', unpack(names))
if party_version ~= '' then
  redis.call('HSET', party_key, 'ticket_id', id, 'version', party_version + 1)
end
return {'queued', answer, fresh}
