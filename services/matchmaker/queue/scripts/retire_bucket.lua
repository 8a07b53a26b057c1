#!lua flags=allow-oom
-- Removes a bucket that has been empty for long; the next enqueue adds it again. ARGV: partition, token, bucket.
--@include queue.lua
local bucket = ARGV[3]
if redis.call('HGET', prefix .. 'lease:' .. ARGV[1], 'token') ~= ARGV[2] then
  return 0
end
if redis.call('ZCARD', prefix .. 'q:' .. bucket) > 0 then
  return 0
end
redis.call('SREM', prefix .. 'buckets', bucket)
redis.call('HDEL', prefix .. 'stats', bucket)
redis.call('INCR', prefix .. 'change')
return 1
