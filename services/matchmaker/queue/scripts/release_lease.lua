#!lua flags=allow-oom
-- Releases a partition's lease, so that another instance can acquire it at its next poll. `offset_ms` stays.
--@include queue.lua
local lease = prefix .. 'lease:' .. ARGV[1]
if redis.call('HGET', lease, 'token') ~= ARGV[2] then
  return 0
end
redis.call('HDEL', lease, 'token', 'beat')
return 1
