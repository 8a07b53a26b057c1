-- Starts the numbers of a player's frames, for a counter that does not exist. Numbers start at the time in microseconds
-- since 1970. So a counter that was lost never gives a number of the previous counter again: a player gets much less than
-- a frame per microsecond. A client that presents an old number therefore cannot be mistaken for an up-to-date client.
-- The numbers stay below 2^53, the largest integer of a client that reads numbers as doubles, for 220 years.
local function start_frame_numbers(counter, seconds)
  local now = redis.call('TIME')
  local first = string.format('%d%06d', now[1], now[2])
  redis.call('SET', counter, first, 'EX', seconds)
  return tonumber(first)
end
