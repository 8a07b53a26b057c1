-- The records of Idempotency-Keys, shared by the scripts that start, finish and sweep them. A record is a hash `prefix
-- .. id`. The index has the ids of all records (score: expiry), and `prefix .. 'of:' .. owner` has the ids of one owner
-- (score: creation time).
local function forget_record(index, prefix, id)
  local owner = redis.call('HGET', prefix .. id, 'of')
  if owner then redis.call('ZREM', prefix .. 'of:' .. owner, id) end
  redis.call('DEL', prefix .. id)
  redis.call('ZREM', index, id)
end

-- Removes the owner's oldest records until the rest has at most `most` bytes. Running records are not removed.
local function make_room(index, prefix, owner, most, now)
  local ids = redis.call('ZRANGE', prefix .. 'of:' .. owner, 0, -1)
  local records, sum = {}, 0
  for i, id in ipairs(ids) do
    records[i] = redis.call('HMGET', prefix .. id, 'bytes', 'state', 'lease_until')
    sum = sum + tonumber(records[i][1] or 0)
  end
  for i, id in ipairs(ids) do
    if sum <= most then return end
    local runs = records[i][2] == 'running' and tonumber(records[i][3]) > now
    if not runs then
      forget_record(index, prefix, id)
      sum = sum - tonumber(records[i][1] or 0)
    end
  end
end
