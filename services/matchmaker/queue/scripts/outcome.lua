#!lua flags=allow-oom
-- Applies the outcome of a match, as in session's row: known (the row exists), ready (it has a server), completed, or
-- cancelled. For cancelled follow the reason, the number of matches without a server after which a ticket ends, and the
-- tickets to queue again. Idempotent: a match that is not live was dealt with before. For a cancelled match the reply
-- has the tickets that were queued again, and the match.
--@include queue.lua
--@include end_ticket.lua
local match, state = ARGV[1], ARGV[2]
-- A late copy of a command that makes the match live must not do so after its end, also if it was not live at its end.
if state == 'completed' or state == 'cancelled' then
  redis.call('ZADD', prefix .. 'ended', 'NX', bucket_time('house'), match)
end
local found = redis.call('HGET', prefix .. 'live', match)
if not found then
  return {'unknown'}
end

local function tickets_in(json)
  local ids = {}
  for _, team in ipairs(cjson.decode(json).teams) do
    for _, player in ipairs(team.players) do
      if player.ticket_id then
        ids[player.ticket_id] = true
      end
    end
  end
  return ids
end
if state == 'known' or state == 'ready' then
  local confirmed = redis.call('ZREM', prefix .. 'unconfirmed', match)
  if confirmed == 1 then
    redis.call('INCR', prefix .. 'change')
  end
  if state == 'ready' then
    -- From now on the players of these tickets do not wait any more.
    for id in pairs(tickets_in(found)) do
      local f = redis.call('HMGET', key_of_ticket(id), 'state', 'match_id', 'partition', 'ready_at')
      if f[1] == 'matched' and f[2] == match and not f[4] then
        redis.call('HSET', key_of_ticket(id), 'ready_at', bucket_time(f[3]))
      end
    end
  end
  return {'confirmed', confirmed}
end

local reason, serverless_most = ARGV[3], tonumber(ARGV[4] or 0)
local wanted = {}
for i = 5, #ARGV do
  wanted[ARGV[i]] = true
end

-- RFC 3339 text of milliseconds since 1970 (Howard Hinnant's civil_from_days).
local function time_text(ms)
  local seconds = math.floor(ms / 1000)
  local days = math.floor(seconds / 86400)
  local rest = seconds - days * 86400
  local z = days + 719468
  local era = math.floor(z / 146097)
  local doe = z - era * 146097
  local yoe = math.floor((doe - math.floor(doe / 1460) + math.floor(doe / 36524) - math.floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + math.floor(yoe / 4) - math.floor(yoe / 100))
  local mp = math.floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, doy - math.floor((153 * mp + 2) / 5) + 1,
    math.floor(rest / 3600), math.floor(rest / 60) % 60, rest % 60, ms - seconds * 1000)
end

-- Queues the same ticket again. The time it spent matched does not count for its rating windows and its deadline.
-- Returns whether the ticket was queued: it ends if its deadline passed, or if it was left without a server too often.
-- A ticket that was matched before the queue went back ends, too: it may have been in a later match that was lost.
local reset_at = tonumber(redis.call('GET', prefix .. 'reset') or 0)
local function requeue(ticket, now)
  if ticket.matched_at < reset_at then
    end_ticket(ticket, 'cancelled', 'm:' .. match, now, 'queue_reset')
    return false
  end
  local spent = math.max(0, now - ticket.matched_at)
  local queued_at, deadline = ticket.queued_at + spent, ticket.deadline + spent
  if now >= deadline then
    end_ticket(ticket, 'timed_out', 'm:' .. match, now)
    return false
  end
  local serverless = ticket.serverless + (reason == 'no_server' and 1 or 0)
  if reason == 'no_server' and serverless >= serverless_most then
    end_ticket(ticket, 'cancelled', 'm:' .. match, now, 'no_server')
    return false
  end
  local attempt = ticket.attempt + 1
  local change = redis.call('INCR', prefix .. 'change')
  redis.call('HSET', key_of_ticket(ticket.id), 'state', 'queued', 'attempt', attempt, 'queued_at', queued_at,
    'deadline', deadline, 'change', change, 'serverless', serverless)
  -- The wait that is shown to players includes the time spent matched.
  redis.call('HINCRBY', key_of_ticket(ticket.id), 'spent_matched', string.format('%.0f', spent))
  redis.call('HDEL', key_of_ticket(ticket.id), 'match_id', 'matched_at', 'ready_at')
  local players = ids_of(ticket.players)
  local held = redis.call('HMGET', claims, unpack(players))
  for i, player in ipairs(players) do
    if held[i] == 'm:' .. match then
      redis.call('HSET', claims, player, 't:' .. ticket.id)
    end
  end
  for bucket in string.gmatch(ticket.buckets, '[^,]+') do
    redis.call('ZADD', prefix .. 'q:' .. bucket, change, ticket.id)
    redis.call('SADD', prefix .. 'buckets', bucket)
  end
  local body = {ticket_id = ticket.id, tenant = tenant, players = players, match_id = match, attempt = attempt,
    queued_at = time_text(queued_at)}
  if ticket.party ~= '' then
    body.party_id = ticket.party
  end
  add_event('ticket.requeued', ticket.id .. '.' .. attempt .. '.requeued', body)
  return true
end

local players, tickets, seen = {}, {}, {}
for _, team in ipairs(cjson.decode(found).teams) do
  for _, player in ipairs(team.players) do
    players[#players + 1] = player.player_id
    local id = player.ticket_id
    if id and not seen[id] then
      seen[id] = true
      local ticket = load_ticket(id)
      if ticket and ticket.state == 'matched' and ticket.match_id == match then
        tickets[#tickets + 1] = ticket
      end
    end
  end
end

local requeued = {}
for _, ticket in ipairs(tickets) do
  local now = bucket_time(ticket.partition)
  if state == 'completed' then
    redis.call('HSET', key_of_ticket(ticket.id), 'ended_at', now)
    redis.call('ZADD', prefix .. 'ended', now, ticket.id)
  elseif wanted[ticket.id] and not ticket.no_requeue then
    if requeue(ticket, now) then
      requeued[#requeued + 1] = ticket.id
    end
  else
    end_ticket(ticket, 'cancelled', 'm:' .. match, now, 'match_cancelled')
  end
end
release_claims(players, 'm:' .. match)
redis.call('HDEL', prefix .. 'live', match)
redis.call('ZREM', prefix .. 'unconfirmed', match)
redis.call('INCR', prefix .. 'change')
if state == 'completed' then
  return {'applied'}
end
return {'applied', requeued, found}
