#!lua
-- The oldest records go, whether or not their time is over: the memory is needed for the queue.
-- KEYS: index of records by expiry   ARGV: how many, prefix of record keys
-- Returns how many went.
--@include keyed_records.lua
local ids = redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1)

for _, id in ipairs(ids) do forget_record(KEYS[1], ARGV[2], id) end
return #ids
