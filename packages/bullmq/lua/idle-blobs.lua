#!lua flags=allow-oom
-- lua/idle-blobs.lua: owners whose run is gone, does not just come back (see lua/commands/leave.lua), and who have put nothing
-- for a while; from here on their blobs are being removed.
-- KEYS[1] blobs  ARGV[1] root of the shard  ARGV[2] milliseconds since the last put  ARGV[3] for how long they are being removed, ms
-- ARGV[4] how many are looked at  ARGV[5] the only one that is looked at, or ''
-- Returns  {owner, its score from now on, …}
-- @include lib/time
local now = clock()
local gone = {}
local owners = ARGV[5] == '' and redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2], 'LIMIT', 0, ARGV[4])
  or redis.call('ZSCORE', KEYS[1], ARGV[5]) and {ARGV[5]} or {}
for _, owner in ipairs(owners) do
  local is_being_removed = tonumber(redis.call('ZSCORE', KEYS[1], owner)) < -now
  if not is_being_removed and redis.call('EXISTS', ARGV[1] .. 'run:' .. owner, ARGV[1] .. 'back:' .. owner) > 0 then
    redis.call('ZADD', KEYS[1], now, owner)
  elseif not is_being_removed then
    local mark = string.format('-%.0f', now + ARGV[3])
    redis.call('ZADD', KEYS[1], mark, owner)
    gone[#gone + 1] = owner
    gone[#gone + 1] = mark
  end
end
return gone
