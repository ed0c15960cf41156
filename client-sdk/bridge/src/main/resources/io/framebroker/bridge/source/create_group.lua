-- Creates the group unless it is there, and begins its account: entries added since 'base' are read, or missed.
-- KEYS 1 owner, 2 state, 3 source
-- ARGV 1 token, 2 lease in ms, 3 group, 4 '0' for all entries there are, '$' for those to come
-- Returns 1; 0 when it was there
local made = redis.pcall('XGROUP', 'CREATE', KEYS[3], ARGV[3], ARGV[4], 'MKSTREAM')
if type(made) == 'table' and made.err then
  if string.find(made.err, 'BUSYGROUP') then
    return 0
  end
  return made
end
local info = redis.call('XINFO', 'STREAM', KEYS[3])
local stream = {}
for i = 1, #info, 2 do
  stream[info[i]] = info[i + 1]
end
redis.call('HSET', KEYS[2], 'read', 0, 'missed', 0)
redis.call('HDEL', KEYS[2], 'base')
local added = stream['entries-added']
if added then
  redis.call('HSET', KEYS[2], 'base', ARGV[4] == '$' and added or added - stream['length'])
end
return 1
