#!lua
-- Keeps the answer of the work, or (without one) lets it be tried again. Only the attempt that began it may.
-- KEYS: record, index of records by expiry
-- ARGV: attempt, now, prefix of record keys, bytes that an owner's records may have, bytes of a record without its
-- answer
--       [, answer]
--@include keyed_records.lua
local record = redis.call('HMGET', KEYS[1], 'attempt', 'of')
if record[1] ~= ARGV[1] then return 0 end

if not ARGV[6] then
  redis.call('HSET', KEYS[1], 'state', 'open')
  return 1
end
-- Redis rounds what it allocates up, by a quarter at most.
redis.call('HSET', KEYS[1], 'state', 'done', 'answer', ARGV[6], 'bytes', tonumber(ARGV[5]) + math.ceil(#ARGV[6] * 1.25))
make_room(KEYS[2], ARGV[3], record[2], tonumber(ARGV[4]), tonumber(ARGV[2]))
return 1
