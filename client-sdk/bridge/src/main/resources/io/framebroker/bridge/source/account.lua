-- Looks how the group stands, and counts entries that left the source before they were read: those added since 'base' that were
-- neither read nor are there to be read. That is known when none is unread, and when all there are (trimming has overtaken the
-- group). Needs Redis 7, which counts what was added.
-- KEYS 1 owner, 2 state, 3 source
-- ARGV 1 token, 2 lease in ms, 3 group, 4 field that counts them
-- Returns {unread or -1, newly missed, pending, last id delivered, last id added}
-- Ids as text that sorts as they do.
local function sortable(id)
  local millis, number = string.match(id, '(%d+)-(%d+)')
  return string.rep('0', 20 - #millis) .. millis .. string.rep('0', 20 - #number) .. number
end
local function named(list)
  local map = {}
  for i = 1, #list, 2 do
    map[list[i]] = list[i + 1]
  end
  return map
end
local stream = named(redis.call('XINFO', 'STREAM', KEYS[3]))
local group
for _, each in ipairs(redis.call('XINFO', 'GROUPS', KEYS[3])) do
  local candidate = named(each)
  if candidate['name'] == ARGV[3] then
    group = candidate
  end
end
if not group then
  return redis.error_reply('NOGROUP the source has no group ' .. ARGV[3])
end
local delivered = group['last-delivered-id']
local first = stream['first-entry']
local unread
if not first then
  unread = 0
elseif sortable(first[1]) > sortable(delivered) then
  unread = stream['length']
elseif not redis.call('XREAD', 'COUNT', 1, 'STREAMS', KEYS[3], delivered) then
  unread = 0
end

local missed = 0
local waiting = unread or -1
local added = stream['entries-added']
if added then
  local state = redis.call('HMGET', KEYS[2], 'base', 'read', 'missed')
  local base = tonumber(state[1] or nil)
  local known = tonumber(state[2] or 0) + tonumber(state[3] or 0)
  if unread and not base then
    base = added - known - unread
    redis.call('HSET', KEYS[2], 'base', base)
  end
  if unread then
    missed = added - base - known - unread
  end
  if missed > 0 then
    redis.call('HINCRBY', KEYS[2], 'missed', missed)
    redis.call('HINCRBY', KEYS[2], ARGV[4], missed)
  elseif missed < 0 then
    -- Entries were read twice, because the group was set back: the account begins anew.
    redis.call('HINCRBY', KEYS[2], 'base', missed)
    missed = 0
  end
  if base and not unread then
    waiting = added - base - known
  end
end
return {waiting, missed, group['pending'], delivered, stream['last-generated-id']}
