-- Checks for a player who enters a party. Needs queue.lua. Together with the check in enqueue.lua, these keep the
-- members of a party out of the queue, except for the party's own ticket.

-- Marks the ticket of the player's live match, so that it is not queued again, without the party, if the match is
-- cancelled.
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
