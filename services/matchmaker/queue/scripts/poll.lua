#!lua flags=allow-oom
-- One poll of a partition in a tick. For the owner it renews the lease, compensates a jump of Redis's clock, removes
-- tickets known to have ended, and returns what changed. For others it returns the owner's token and beat.
-- ARGV: partition; token; the expected bucket time, or 0; its largest error; the limit of entries to read per bucket;
-- then for each bucket: name, cursor, number of dead tickets, the dead tickets.
--@include queue.lua
local partition, token = ARGV[1], ARGV[2]
local expected, tolerance, most = tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5]
local lease = prefix .. 'lease:' .. partition
local held = redis.call('HMGET', lease, 'token', 'beat')
if token == '' or held[1] ~= token then
  return {0, held[1] or '', held[2] or ''}
end

local beat = redis.call('HINCRBY', lease, 'beat', 1)
local now = bucket_time(partition)
if expected > 0 and math.abs(now - expected) > tolerance then
  redis.call('HINCRBY', lease, 'offset_ms', string.format('%.0f', expected - now))
  now = expected
end

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
