-- Reads entries where a transaction cannot: with memory full, Redis refuses every command of one. Slower for large entries, which
-- it copies.
-- KEYS 1 owner, 2 state, 3 source
-- ARGV 1 token, 2 lease in ms, 3 group, 4 consumer, 5 '>' for new entries, else the id behind which to read the reader's own pending
--      ones, 6 how many at most
-- Returns the entries as XREADGROUP does; pending ones that were deleted have no fields
local reply =
  redis.call('XREADGROUP', 'GROUP', ARGV[3], ARGV[4], 'COUNT', ARGV[6], 'STREAMS', KEYS[3], ARGV[5])
local entries = reply and reply[1][2] or {}
if ARGV[5] == '>' and #entries > 0 then
  redis.call('HINCRBY', KEYS[2], 'read', #entries)
  redis.call('HSET', KEYS[2], 'last', entries[#entries][1])
end
return entries
