-- Makes the reader's own what other consumers of the group left pending. Entries that were deleted meanwhile: Redis 7 takes
-- them off the list here and names them, so they are counted here; Redis 6.2 hands them over, and they are found when read.
-- Entries of the group that were delivered before this bridge knew it are read, as far as 'last' is concerned.
-- KEYS 1 owner, 2 state, 3 source
-- ARGV 1 token, 2 lease in ms, 3 group, 4 consumer, 5 cursor, 6 field that counts deleted ones
-- Returns {next cursor, how many are the reader's now, how many were deleted}
for _, each in ipairs(redis.call('XINFO', 'GROUPS', KEYS[3])) do
  local group = {}
  for i = 1, #each, 2 do
    group[each[i]] = each[i + 1]
  end
  if group['name'] == ARGV[3] then
    redis.call('HSETNX', KEYS[2], 'last', group['last-delivered-id'])
  end
end
local reply = redis.call('XAUTOCLAIM', KEYS[3], ARGV[3], ARGV[4], 0, ARGV[5], 'COUNT', 500, 'JUSTID')
local deleted = reply[3] and #reply[3] or 0
if deleted > 0 then
  redis.call('HINCRBY', KEYS[2], ARGV[6], deleted)
end
return {reply[1], #reply[2], deleted}
