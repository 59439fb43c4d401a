#!lua flags=allow-oom
-- lua/beat.lua: a worker is alive. Safe to repeat.
-- KEYS[1] workers  KEYS[2] when each of them counts as silent
-- ARGV[1] instance  ARGV[2] what it tells of itself, JSON  ARGV[3] ms after which it counts as silent  ARGV[4] ms for which both keys stay
-- @include lib/time
local now = clock()
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', now) .. ' ' .. ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
