#!lua flags=allow-oom
-- lua/watch.lua: asks that records of a run be told of on the channel `pokes` for some time. Safe to repeat.
-- KEYS[1] run  KEYS[2] steps  ARGV[1] ms from now
-- Returns  the run's status, or nothing when there is no such run
-- @include lib/time
local found = redis.call('HMGET', KEYS[1], 'status', 'watch')
if not found[1] then return false end
local until_ms = clock() + tonumber(ARGV[1])
if until_ms > (tonumber(found[2]) or 0) then
  redis.call('HSET', KEYS[1], 'watch', string.format('%.0f', until_ms))
  redis.call('HSET', KEYS[2], '/plain', 0) -- lua/plain.lua tells nobody
end
return found[1]
