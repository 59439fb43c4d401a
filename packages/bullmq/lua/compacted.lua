#!lua flags=allow-oom
-- lua/compacted.lua: forgets ended runs that have their checkpoint, unless they went on and ended again since. Safe to repeat.
-- KEYS[1] ended  ARGV[1], [2], …: run, and when it had ended, by turns
-- Returns how many are forgotten.
local count = 0
for at = 1, #ARGV, 2 do
  if redis.call('ZSCORE', KEYS[1], ARGV[at]) == ARGV[at + 1] then count = count + redis.call('ZREM', KEYS[1], ARGV[at]) end
end
return count
