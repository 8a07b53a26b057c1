#!lua
-- Creates a match for players who are not in the queue: claims all of them or none. ARGV: the process of redis-server in
-- which the queue was verified, match, the age of its id in ms, the maximum age of an unknown id, partition for the
-- clock, JSON of match.found, the players.
--@include queue.lua
--@include run.lua
local run, match, age, unknown_max_age = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local partition, found = ARGV[5], ARGV[6]

if is_live(match) then
  return {'same'}
end
if has_ended(match) then
  return {'over'}
end
if run_id() ~= run then
  return {'unverified'}
end
if age > unknown_max_age then
  return {'expired'}
end
local now = bucket_time(partition)
local players = {}
for i = 7, #ARGV do
  players[#players + 1] = ARGV[i]
end
local held = redis.call('HMGET', claims, unpack(players))
local claim = {}
for i, player in ipairs(players) do
  if held[i] then
    return {'claimed', player, held[i]}
  end
  claim[#claim + 1] = player
  claim[#claim + 1] = 'm:' .. match
end

redis.call('HSET', claims, unpack(claim))
redis.call('HSET', prefix .. 'live', match, found)
redis.call('ZADD', prefix .. 'unconfirmed', now, match)
redis.call('INCR', prefix .. 'change')
return {'made'}
