-- Takes entries that are stored off the pending list, and out of the source if that is wanted.
-- KEYS 1 source
-- ARGV 1 group, 2 1 to delete them from the source, 3.. ids
-- Returns how many were pending
local ids = {unpack(ARGV, 3)}
local count = redis.call('XACK', KEYS[1], ARGV[1], unpack(ids))
if ARGV[2] == '1' then
  redis.call('XDEL', KEYS[1], unpack(ids))
end
return count
