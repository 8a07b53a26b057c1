#!lua
-- Uses a refresh token: its child becomes the current token of the family. If the parent is used again within the grace
-- time and its child is unused, the reply may have been lost, and the answer is the same child. Any other old token
-- means that a token was stolen. It is not known whether the thief has the newer token, so the family ends (RFC 9700,
-- 4.14.2).
-- KEYS: family, index of families by expiry
-- ARGV: login, digest presented, digest of its child, generation of the child, now, grace in ms, prefix of family keys
-- Returns {verdict, player, name, region, digest of the current token}
--@include family_records.lua
local family = redis.call('HMGET', KEYS[1], 'player', 'name', 'region', 'current', 'previous', 'rotated_at', 'expires_at')
if not family[1] then return {'unknown'} end
local now = tonumber(ARGV[5])
local current, previous = family[4], family[5]
local verdict = 'reused'
if tonumber(family[7]) <= now then
  verdict = 'expired'
elseif current == ARGV[2] then
  verdict = 'rotated'
elseif previous == ARGV[2] and now - tonumber(family[6]) <= tonumber(ARGV[6]) then
  -- The child has not been used yet; otherwise the child would be `previous` now.
  verdict = 'again'
end

if verdict == 'rotated' then
  redis.call('HSET', KEYS[1], 'current', ARGV[3], 'previous', current, 'generation', ARGV[4], 'rotated_at', ARGV[5])
  current = ARGV[3]
elseif verdict ~= 'again' then
  forget_family(KEYS[2], ARGV[7], ARGV[1])
end
return {verdict, family[1], family[2], family[3], current}
