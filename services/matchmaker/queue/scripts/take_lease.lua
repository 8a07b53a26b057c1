#!lua flags=allow-oom
-- Acquires a partition's lease by compare-and-set on the token and beat that the caller saw standing still (both empty:
-- no owner). ARGV: partition, token, beat, an identifier that is new at each attempt.
--@include queue.lua
local partition, token, beat, fresh = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local lease = prefix .. 'lease:' .. partition
local held = redis.call('HMGET', lease, 'token', 'beat')
if (held[1] or '') ~= token or (token ~= '' and held[2] ~= beat) then
  return {0, held[1] or '', held[2] or ''}
end
local taken = redis.call('INCR', prefix .. 'epoch') .. ':' .. fresh
redis.call('HSET', lease, 'token', taken, 'beat', 1)
return {1, taken, '1'}
