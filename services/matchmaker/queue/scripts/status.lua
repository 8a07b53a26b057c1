#!lua flags=allow-oom
-- Reads one ticket, by its id or by a player who is queued or in a live match. ARGV: ticket (or empty), player (or
-- empty). Returns its id, the bucket time, its fields and values, and its partition's lease token; or nothing.
--@include queue.lua
local id, player = ARGV[1], ARGV[2]
if id == '' then
  local held = redis.call('HGET', claims, player)
  if not held then
    return {}
  end
  id = string.match(held, '^t:(.+)')
  if not id then
    local found = redis.call('HGET', prefix .. 'live', string.sub(held, 3))
    for _, team in ipairs(found and cjson.decode(found).teams or {}) do
      for _, member in ipairs(team.players) do
        if member.player_id == player then
          id = member.ticket_id
        end
      end
    end
  end
  if not id then
    return {}
  end
end
local fields = redis.call('HGETALL', key_of_ticket(id))
if #fields == 0 then
  return {}
end
local partition = redis.call('HGET', key_of_ticket(id), 'partition')
local owner = partition and redis.call('HGET', prefix .. 'lease:' .. partition, 'token')
return {id, bucket_time(partition), fields, owner or ''}
