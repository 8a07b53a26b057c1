#!lua flags=allow-oom
-- Ends a verification: from now on matches may be committed. KEYS: mm:generation. ARGV: process of redis-server and
-- id, as returned at the begin; id, number and mark. Returns 0 and writes nothing if the queue was replaced or emptied
-- since the begin, if another instance has ended the verification, or if a later generation was adopted.
--@include run.lua
local f = redis.call('HMGET', KEYS[1], 'verified_in', 'next_id', 'number')
if run_id() ~= ARGV[1] or f[1] ~= ARGV[1] or f[2] ~= ARGV[2] or tonumber(f[3] or 0) > tonumber(ARGV[4]) then
  return 0
end
redis.call('HSET', KEYS[1], 'run', ARGV[1], 'id', ARGV[3], 'number', ARGV[4], 'mark', ARGV[5])
redis.call('HDEL', KEYS[1], 'verified_in', 'verified_since', 'next_id')
return 1
