-- Counts losses, or what the broker has confirmed of them.
-- KEYS 1 owner, 2 state, 3 source
-- ARGV 1 token, 2 lease in ms, 3 group, 4 field, 5 'by' to add, 'to' to set, 6 number
-- Returns the count
if ARGV[5] == 'by' then
  return redis.call('HINCRBY', KEYS[2], ARGV[4], ARGV[6])
end
redis.call('HSET', KEYS[2], ARGV[4], ARGV[6])
return tonumber(ARGV[6])
