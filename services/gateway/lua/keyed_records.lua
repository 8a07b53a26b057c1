-- Records of an Idempotency-Key, for the scripts that begin, finish and sweep them. A record is a hash `prefix .. id`;
-- the index has the ids of all records by expiry, and `prefix .. 'of:' .. owner` those of one owner by age.
local function forget_record(index, prefix, id)
  local owner = redis.call('HGET', prefix .. id, 'of')
  if owner then redis.call('ZREM', prefix .. 'of:' .. owner, id) end
  redis.call('DEL', prefix .. id)
  redis.call('ZREM', index, id)
end

-- The owner's oldest records go until all together have at most `most` bytes. What still runs stays.
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
