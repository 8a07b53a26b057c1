#!lua flags=allow-oom
-- Reads the generation of the queue. KEYS: mm:generation. Returns the process of redis-server, the process in which the
-- generation was verified last, id, number and mark; the last four are empty if there is no generation.
--@include run.lua
local f = redis.call('HMGET', KEYS[1], 'run', 'id', 'number', 'mark')
return {run_id(), f[1] or '', f[2] or '', f[3] or '', f[4] or ''}
