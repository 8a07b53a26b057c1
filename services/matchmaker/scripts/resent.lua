#!lua flags=allow-oom
-- The first entries of `sent` have been confirmed by another nats-server: they go to its end under the new id. ARGV: that
-- id, then the entries as they stood. Nothing is done when somebody else has moved them.
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
