-- What a player who enters a party has in the queue. Needs queue.lua. Together with the check of enqueue.lua it keeps
-- every member of a party out of the queue, unless the party's own ticket holds them.

-- The waiting ticket of the player, or nothing.
local function waiting_ticket_of(player)
  local held = redis.call('HGET', claims, player)
  return held and string.match(held, '^t:(.+)')
end

-- If the match that the player is in is cancelled, their ticket ends with it: it would search again without the party.
local function give_up_requeue(player)
  local held = redis.call('HGET', claims, player)
  local match = held and string.match(held, '^m:(.+)')
  local found = match and redis.call('HGET', prefix .. 'live', match)
  if not found then
    return
  end
  for _, team in ipairs(cjson.decode(found).teams) do
    for _, member in ipairs(team.players) do
      local id = member.player_id == player and member.ticket_id
      if id and redis.call('HEXISTS', key_of_ticket(id), 'state') == 1 then
        redis.call('HSET', key_of_ticket(id), 'no_requeue', '1')
      end
    end
  end
end
