#!lua flags=allow-oom
-- lua/idle-blobs.lua: owners whose run is gone and who have put nothing for a while; from here on their blobs are being removed.
-- KEYS[1] blobs  ARGV[1] root of the shard  ARGV[2] milliseconds since the last put  ARGV[3] for how long they are being removed, ms
-- ARGV[4] how many are looked at
-- Returns  {owner, its score from now on, …}
-- @include lib/time
local now = clock()
local gone = {}
for _, owner in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2], 'LIMIT', 0, ARGV[4])) do
  local is_being_removed = tonumber(redis.call('ZSCORE', KEYS[1], owner)) < -now
  if not is_being_removed and redis.call('EXISTS', ARGV[1] .. 'run:' .. owner) == 1 then
    redis.call('ZADD', KEYS[1], now, owner)
  elseif not is_being_removed then
    local mark = string.format('-%.0f', now + ARGV[3])
    redis.call('ZADD', KEYS[1], mark, owner)
    gone[#gone + 1] = owner
    gone[#gone + 1] = mark
  end
end
return gone
