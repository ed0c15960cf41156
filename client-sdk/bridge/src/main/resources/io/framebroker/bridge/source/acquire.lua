-- Makes a bridge the owner of the source, unless another is.
-- KEYS 1 owner, 2 state
-- ARGV 1 token ("consumer nonce"), 2 lease in ms, 3 'succeed' to follow an owner of the same consumer name at once, else 'keep',
--      4 epoch
-- Returns {1, last id read or '', id that came a second time or ''}; {0, token of the owner, ms its lease lasts};
--         {-1, epoch the source has been read under}
-- Needs no memory, so that with memory full the script may go on: see fence.lua.
redis.call('PERSIST', KEYS[2])
local holder = redis.call('GET', KEYS[1])
local function consumer(token)
  return string.match(token, '^(.*) %S+$')
end
if holder and holder ~= ARGV[1] then
  if ARGV[3] ~= 'succeed' or consumer(holder) ~= consumer(ARGV[1]) then
    return {0, holder, redis.call('PTTL', KEYS[1])}
  end
end
local epoch = redis.call('HGET', KEYS[2], 'epoch')
if epoch and tonumber(epoch) > tonumber(ARGV[4]) then
  return {-1, epoch}
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if epoch and tonumber(epoch) < tonumber(ARGV[4]) then
  redis.call('HDEL', KEYS[2], 'last', 'set_back')
end
redis.call('HSET', KEYS[2], 'epoch', ARGV[4])
return {1, redis.call('HGET', KEYS[2], 'last') or '', redis.call('HGET', KEYS[2], 'set_back') or ''}
