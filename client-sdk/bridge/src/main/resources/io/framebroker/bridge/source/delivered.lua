-- Notes what the read before it, in the same transaction, has delivered: by their ids alone, because a script that touches
-- payloads copies them, and Redis does nothing else meanwhile.
-- KEYS 1 source, 2 state
-- ARGV 1 group, 2 how many entries the read may have delivered
-- Returns how many it did

-- Needs no memory, so that with memory full the script may go on: see fence.lua.
redis.call('PERSIST', KEYS[2])
local last = redis.call('HGET', KEYS[2], 'last') or '0-0'
local delivered = redis.call('XPENDING', KEYS[1], ARGV[1], '(' .. last, '+', ARGV[2])
if #delivered > 0 then
  redis.call('HINCRBY', KEYS[2], 'read', #delivered)
  redis.call('HSET', KEYS[2], 'last', delivered[#delivered][1])
end
return #delivered
