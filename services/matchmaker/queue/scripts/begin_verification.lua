#!lua flags=allow-oom
-- Begins to verify the queue, or joins the verification that began in this process of redis-server. KEYS:
-- mm:generation. ARGV: an id, for the generation that begins if the queue has lost data. Returns the process of
-- redis-server, the time in ms when the verification began, the id, which all who verify use, and id, number and mark of
-- the queue's generation, or empty texts.
--@include run.lua
local run = run_id()
local f = redis.call('HMGET', KEYS[1], 'verified_in', 'verified_since', 'next_id', 'id', 'number', 'mark')
local since, next_id = f[2], f[3]
if f[1] ~= run then
  local clock = redis.call('TIME')
  since, next_id = string.format('%.0f', clock[1] * 1000 + math.floor(clock[2] / 1000)), ARGV[1]
  redis.call('HSET', KEYS[1], 'verified_in', run, 'verified_since', since, 'next_id', next_id)
end
return {run, since, next_id, f[4] or '', f[5] or '', f[6] or ''}
