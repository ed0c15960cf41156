-- Takes entries off the pending list that were deleted from the source, and counts them.
-- KEYS 1 source, 2 state
-- ARGV 1 group, 2 field that counts them, 3.. ids
-- Returns how many were pending
local count = 0
for i = 3, #ARGV do
  count = count + redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
end
if count > 0 then
  redis.call('HINCRBY', KEYS[2], ARGV[2], count)
end
return count
