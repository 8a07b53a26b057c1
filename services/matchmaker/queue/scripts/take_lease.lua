#!lua flags=allow-oom
-- Acquires a partition's lease by compare-and-set on the token and beat that the caller saw standing still (both empty:
-- no owner). ARGV: the process of redis-server in which the queue was verified, partition, token, beat, an identifier
-- that is new at each attempt, and a number that is less than the epochs of this generation and greater than those of
-- earlier ones: so epochs grow even if the queue has lost the last one.
--@include queue.lua
--@include run.lua
local run, partition, token, beat, fresh, floor = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local lease = prefix .. 'lease:' .. partition
local held = redis.call('HMGET', lease, 'token', 'beat')
if run_id() ~= run or (held[1] or '') ~= token or (token ~= '' and held[2] ~= beat) then
  return {0, held[1] or '', held[2] or ''}
end
local epoch = string.format('%.0f', math.max(tonumber(redis.call('GET', prefix .. 'epoch') or 0), floor) + 1)
redis.call('SET', prefix .. 'epoch', epoch)
local taken = epoch .. ':' .. fresh
redis.call('HSET', lease, 'token', taken, 'beat', 1)
return {1, taken, '1'}
