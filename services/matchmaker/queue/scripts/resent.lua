#!lua flags=allow-oom
-- Moves the first entries of `sent` to its end under another server's id, after that nats-server confirmed them again.
-- ARGV: its id, then the entries as read. Does nothing if the entries are not the first ones any more.
--@include queue.lua
local sent = prefix .. 'sent'
local first = redis.call('LRANGE', sent, 0, #ARGV - 2)
for i = 2, #ARGV do
  if first[i - 1] ~= ARGV[i] then
    return 0
  end
end
redis.call('LPOP', sent, #ARGV - 1)
for i = 2, #ARGV do
  redis.call('RPUSH', sent, (string.gsub(ARGV[i], '^%S+', ARGV[1], 1)))
end
return 1
