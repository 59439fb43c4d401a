#!lua flags=no-writes
-- lua/silent.lua: workers that have not been heard of for too long and whose steps nobody has taken back yet.
-- KEYS[1] when each worker counts as silent
-- Returns  {instance, …}
-- @include lib/time
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', clock()), 'LIMIT', 0, 100)
