-- Keys of the parties, which the lobby writes. Needs a local `prefix`, as in queue.lua.
local members = prefix .. 'member'

local function key_of_party(id)
  return prefix .. 'party:' .. id
end

-- The id of the player's party, or ''.
local function party_of(player)
  return redis.call('HGET', members, player) or ''
end
