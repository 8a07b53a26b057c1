#!lua flags=allow-oom
-- Hands a partition over: the next one who looks may take it at once. The clock's correction stays.
--@include queue.lua
local lease = prefix .. 'lease:' .. ARGV[1]
if redis.call('HGET', lease, 'token') ~= ARGV[2] then
  return 0
end
redis.call('HDEL', lease, 'token', 'beat')
return 1
