#!lua
-- Stores the answer of an attempt or, without an answer, releases the record so that the work can be retried. Has no
-- effect if another attempt has taken the record over.
-- KEYS: record, index of records by expiry
-- ARGV: attempt, now, prefix of record keys, most bytes of the records of one owner, bytes of a record without its
-- answer
--       [, answer]
-- Returns 1, or 0 if another attempt has taken the record over
--@include keyed_records.lua
local record = redis.call('HMGET', KEYS[1], 'attempt', 'of')
if record[1] ~= ARGV[1] then return 0 end

if not ARGV[6] then
  redis.call('HSET', KEYS[1], 'state', 'open')
  return 1
end
-- Redis rounds up the size of an allocation, by at most a quarter.
redis.call('HSET', KEYS[1], 'state', 'done', 'answer', ARGV[6], 'bytes', tonumber(ARGV[5]) + math.ceil(#ARGV[6] * 1.25))
make_room(KEYS[2], ARGV[3], record[2], tonumber(ARGV[4]), tonumber(ARGV[2]))
return 1
