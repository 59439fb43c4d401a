#!lua flags=allow-oom
-- lua/compacted.lua: forgets runs that have their checkpoint, unless they went on and came to rest again since. Safe to repeat.
-- KEYS[1] unsaved  ARGV[1], [2], …: run, and when it had come to rest, by turns
-- Returns how many are forgotten.
local count = 0
for at = 1, #ARGV, 2 do
  if redis.call('ZSCORE', KEYS[1], ARGV[at]) == ARGV[at + 1] then count = count + redis.call('ZREM', KEYS[1], ARGV[at]) end
end
return count
