#!lua
-- Removes the oldest records, expired or not, because the queue needs the memory.
-- KEYS: index of records by expiry   ARGV: number of records, prefix of record keys
-- Returns the number of removed records.
--@include keyed_records.lua
local ids = redis.call('ZRANGE', KEYS[1], 0, tonumber(ARGV[1]) - 1)

for _, id in ipairs(ids) do forget_record(KEYS[1], ARGV[2], id) end
return #ids
