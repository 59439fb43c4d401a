#!lua flags=allow-oom
-- lua/lease.lua: takes a lease that nobody else holds, prolongs one's own, or gives it back. Safe to repeat.
-- KEYS[1] lease  ARGV[1] holder  ARGV[2] ms from now; 0 gives it back
-- Returns 1 where the holder may go on (or has given it back), 0 where another one holds it.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
return 1
