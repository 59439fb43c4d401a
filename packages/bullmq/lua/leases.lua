#!lua flags=no-writes
-- lua/leases.lua: what a worker holds, a page of the due entries at a time. Reads only; lua/commands/oblige.lua ends a lease.
-- KEYS[1] due  KEYS[2] root of the shard
-- ARGV[1] beginning of its nonces  ARGV[2] entries looked at before  ARGV[3] a page's size
-- Returns  {entries looked at, member, …}
local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '+inf', 'LIMIT', ARGV[2], ARGV[3])
local held, begin = {#members}, 'l' .. ARGV[1]
for _, member in ipairs(members) do
  local run_id, step = string.match(member, '^([^/]*)/(.*)$')
  local cell = run_id and redis.call('HGET', KEYS[2] .. 'steps:' .. run_id, step)
  if cell and string.sub(cell, 1, #begin) == begin then held[#held + 1] = member end
end
return held
