-- Stands before every script that only the owner of the source may run, and prolongs its lease: a bridge that lost the
-- source reads nothing more, however late it learns of it.
-- KEYS 1 owner
-- ARGV 1 token of the owner, 2 lease in ms
-- Error FENCED, with who owns the source
--
-- A script that begins with a write which needs no memory may go on when memory is full, so that the bridge can drain a full Redis.
local holder = redis.call('GET', KEYS[1])
if holder ~= ARGV[1] then
  return redis.error_reply('FENCED ' .. (holder or ''))
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
