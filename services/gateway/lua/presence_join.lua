#!lua
-- A socket of a player opened. The sorted set of open sockets (member `instance/number`, score: when) is the truth; the
-- presence hash (instance -> count) is derived from it for those who only ask whether anybody is there. Sockets of
-- gateways that died (no beat) are forgotten. The oldest beyond `most` are evicted.
-- KEYS: presence, sockets, seq   ARGV: instance, socket, now, expiry in ms, most, prefix of beat keys
-- Returns {sockets open before, seq, evicted socket, …}
local before, evicted, counts, gone = 0, {}, {}, {}
local members = redis.call('ZRANGE', KEYS[2], 0, -1)
for _, member in ipairs(members) do
  local instance = string.match(member, '^(.*)/')
  if instance == ARGV[1] or redis.call('EXISTS', ARGV[6] .. instance) == 1 then
    before = before + 1
  else
    gone[#gone + 1] = member
  end
end

redis.call('SET', ARGV[6] .. ARGV[1], '1', 'PX', ARGV[4])
for _, member in ipairs(gone) do redis.call('ZREM', KEYS[2], member) end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
while redis.call('ZCARD', KEYS[2]) > tonumber(ARGV[5]) do
  evicted[#evicted + 1] = redis.call('ZPOPMIN', KEYS[2])[1]
end
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local instance = string.match(member, '^(.*)/')
  counts[instance] = (counts[instance] or 0) + 1
end
redis.call('DEL', KEYS[1])
for instance, count in pairs(counts) do redis.call('HSET', KEYS[1], instance, count) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return {before, tonumber(redis.call('GET', KEYS[3]) or 0), unpack(evicted)}
