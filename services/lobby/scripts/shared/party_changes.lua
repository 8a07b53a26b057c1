-- The writes of a change of a party, as lobby passes them from ARGV[from] on: the number of fields to write, name and
-- value of each; the number of fields to remove, the name of each; then (player, value, due time) of each invitation
-- that changed, with empty value and due time if it ended. Needs party.lua.
local function read_changes(from)
  local changes = {writes = {}, removed = {}, invites = {}}
  local at = from + 1
  for _ = 1, 2 * tonumber(ARGV[from]) do
    changes.writes[#changes.writes + 1] = ARGV[at]
    at = at + 1
  end
  local removed = tonumber(ARGV[at])
  for i = at + 1, at + removed do
    changes.removed[#changes.removed + 1] = ARGV[i]
  end
  for i = at + removed + 1, #ARGV, 3 do
    changes.invites[#changes.invites + 1] = {player = ARGV[i], value = ARGV[i + 1], due = ARGV[i + 2]}
  end
  return changes
end

-- Returns a player who would be invited but has `limit` open invitations already, or nil.
local function player_at_limit(changes, party, limit)
  for _, invite in ipairs(changes.invites) do
    local key = prefix .. 'invite:' .. invite.player
    if invite.value ~= '' and redis.call('HEXISTS', key, party) == 0 and redis.call('HLEN', key) >= limit then
      return invite.player
    end
  end
end

local function write_fields(changes, party)
  local key = key_of_party(party)
  if #changes.writes > 0 then
    redis.call('HSET', key, unpack(changes.writes))
  end
  if #changes.removed > 0 then
    redis.call('HDEL', key, unpack(changes.removed))
  end
end

local function write_invites(changes, party)
  for _, invite in ipairs(changes.invites) do
    local key, due = prefix .. 'invite:' .. invite.player, 'invite:' .. party .. ':' .. invite.player
    if invite.value == '' then
      redis.call('HDEL', key, party)
      redis.call('ZREM', prefix .. 'party_due', due)
    else
      redis.call('HSET', key, party, invite.value)
      redis.call('ZADD', prefix .. 'party_due', invite.due, due)
    end
  end
end
