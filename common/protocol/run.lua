-- The process of redis-server. It is not part of the data, so it differs after each start, whatever file was loaded.
local function run_id()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
end
