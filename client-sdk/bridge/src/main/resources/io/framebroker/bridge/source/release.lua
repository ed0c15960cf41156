-- Gives the source up, so that a successor need not wait for the end of the lease.
-- KEYS 1 owner
-- ARGV 1 token
-- Returns 1; 0 when another owns it
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('DEL', KEYS[1])
