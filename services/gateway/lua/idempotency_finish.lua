#!lua
-- Keeps the answer of the work, or (without one) lets it be tried again. Only the owner of the work may.
-- KEYS: record   ARGV: owner [, answer]
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end

if ARGV[2] then
  redis.call('HSET', KEYS[1], 'state', 'done', 'answer', ARGV[2])
else
  redis.call('HSET', KEYS[1], 'state', 'open')
end
return 1
