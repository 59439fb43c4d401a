#!lua flags=allow-oom
-- lua/put-blobs.lua: an owner's blobs, or only the news that it puts some elsewhere. Safe to repeat.
-- KEYS[1] blobs: owner → when it put one, or, below 0, until when its blobs are being removed  KEYS[2] blobs of the owner
-- ARGV[1] owner  ARGV[2…] hash, text, …
-- Returns  1, or 0 while its blobs are being removed: ask again
-- @include lib/time
local now = clock()
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0) < -now then return 0 end
redis.call('ZADD', KEYS[1], now, ARGV[1])
for at = 2, #ARGV, 2 do redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
return 1
