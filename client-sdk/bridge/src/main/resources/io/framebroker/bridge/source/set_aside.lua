-- Puts a pending entry that cannot become a frame into the side stream as it is, with the reason, and takes it off the pending
-- list: once, whoever asks again.
-- KEYS 1 source, 2 state, 3 side stream
-- ARGV 1 group, 2 id, 3 reason, 4 detail, 5 most entries kept there (0: all), 6 field that counts it, or '' if the broker has,
--      7 field that counts it if it was deleted, 8 1 to delete it from the source
-- Returns 1; 0 when it was not pending any more
if #redis.call('XPENDING', KEYS[1], ARGV[1], ARGV[2], ARGV[2], 1) == 0 then
  return 0
end
local counted = ARGV[6]
local entry = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if entry then
  local command = {'XADD', KEYS[3]}
  local function say(...)
    for _, word in ipairs({...}) do
      command[#command + 1] = word
    end
  end
  if tonumber(ARGV[5]) > 0 then
    say('MAXLEN', '=', ARGV[5])
  end
  say('*', 'unreadable:id', ARGV[2], 'unreadable:reason', ARGV[3], 'unreadable:detail', ARGV[4])
  say(unpack(entry[2]))
  redis.call(unpack(command))
else
  counted = ARGV[7]
end
if counted ~= '' then
  redis.call('HINCRBY', KEYS[2], counted, 1)
end
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
if ARGV[8] == '1' then
  redis.call('XDEL', KEYS[1], ARGV[2])
end
return 1
