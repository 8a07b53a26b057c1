#!lua flags=allow-oom
-- Raises the mark by one. KEYS: mm:generation. ARGV: id and mark. Returns 0 if they are not the current ones, or if the
-- queue is not verified.
--@include run.lua
local f = redis.call('HMGET', KEYS[1], 'run', 'id', 'mark')
if f[1] ~= run_id() or f[2] ~= ARGV[1] or f[3] ~= ARGV[2] then
  return 0
end
redis.call('HINCRBY', KEYS[1], 'mark', 1)
return 1
