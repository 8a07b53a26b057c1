#!lua flags=allow-oom
-- One poll of a partition in a tick. For the owner it renews the lease, corrects the bucket time, removes tickets known to
-- have ended, and returns what changed. For others it returns the owner's token and beat.
-- ARGV: partition; token; milliseconds by which the owner, at its last poll, found the bucket time to be behind, or 0; the
-- beat of that poll; the limit of entries to read per bucket; then for each bucket: name, cursor, number of dead tickets,
-- the dead tickets.
--@include queue.lua
local partition, token = ARGV[1], ARGV[2]
local correction, corrected_beat, most = ARGV[3], ARGV[4], ARGV[5]
local lease = prefix .. 'lease:' .. partition
local held = redis.call('HMGET', lease, 'token', 'beat')
if token == '' or held[1] ~= token then
  return {0, held[1] or '', held[2] or ''}
end

-- The beat makes a copy of a poll that arrives late harmless: a later poll has raised it.
if correction ~= '0' and held[2] == corrected_beat then
  redis.call('HINCRBY', lease, 'offset_ms', correction)
end
local beat = redis.call('HINCRBY', lease, 'beat', 1)
local now = bucket_time(partition)

local looks = {}
local at = 6
while at <= #ARGV do
  local queue, cursor, dead = prefix .. 'q:' .. ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  at = at + 3
  for i = at, at + dead - 1 do
    if redis.call('HGET', key_of_ticket(ARGV[i]), 'state') ~= 'queued' then
      redis.call('ZREM', queue, ARGV[i])
    end
  end
  at = at + dead
  looks[#looks + 1] = {redis.call('ZCARD', queue),
    redis.call('ZRANGE', queue, '(' .. cursor, '+inf', 'BYSCORE', 'LIMIT', '0', most, 'WITHSCORES')}
end
local oldest = redis.call('ZRANGE', prefix .. 'unconfirmed', 0, 0, 'WITHSCORES')
return {1, beat, now, tonumber(redis.call('GET', prefix .. 'change') or 0), redis.call('SCARD', prefix .. 'buckets'),
  looks, redis.call('ZCARD', prefix .. 'unconfirmed'), oldest[2] or ''}
