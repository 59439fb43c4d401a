#!lua flags=allow-oom
-- lua/go-on.lua: what nearly every step of a chain asks, at a third of the price of lua/commands/settle.lua: a step has
-- succeeded at no cost, its one edge makes a step ready that nothing has touched, and the walk goes on with that. Where
-- anything else is the case (another fence, a repeat, a cap, a budget, a watcher) nothing is done, and settle decides.
-- KEYS[1] due  KEYS[2] unused, then run, steps, out and log of each command's run
-- ARGV[1], [2] unused, then for each command the number of its arguments, and these:
--   1 run id  2 step  3 nonce  4 tail of the record  5 output  6 next step  7 its rank  8 its flags
--   9 nonce of its claim  10 its lease, ms  11 tail of its record  12… steps whose outputs are wanted
-- Returns  a reply a command: {0} ask settle · {1, next step, epoch, failures, output, …} · {-1, message} failed
-- @include lib/time
local now = clock()
local now_text = string.format('%.0f', now)

local function go_on(at, count, key)
  local run, steps, step, nonce, target = KEYS[key], KEYS[key + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 6]
  local f = redis.call('HMGET', run, 'status', 'cap', 'budget', 'watch')
  if f[1] ~= 'running' or f[2] or f[3] or f[4] then return {0} end
  local s = redis.call('HMGET', steps, step, target, '/unresolved')
  local is_held = s[1] and string.sub(s[1], 1, #nonce + 2) == 'l' .. nonce .. '|'
  if not is_held or s[2] or not s[3] then return {0} end
  redis.call('HSET', steps, step, 's' .. string.sub(s[1], 2),
    target, 'l' .. ARGV[at + 9] .. '|1|0|' .. ARGV[at + 7] .. '|1|||' .. ARGV[at + 8], '/unresolved', s[3] - 1)
  redis.call('HSET', KEYS[key + 2], step, ARGV[at + 5])
  redis.call('RPUSH', KEYS[key + 3], '["k",' .. now_text .. ARGV[at + 4], '["c",' .. now_text .. ',1' .. ARGV[at + 11])
  redis.call('ZREM', KEYS[1], ARGV[at + 1] .. '/' .. step)
  redis.call('ZADD', KEYS[1], now + ARGV[at + 10], ARGV[at + 1] .. '/' .. target)
  local reply = {1, target, 1, 0}
  for i = 12, count do reply[i - 7] = redis.call('HGET', KEYS[key + 2], ARGV[at + i]) end
  return reply
end

local replies = {}
local at, key, last = 3, 3, #ARGV
while at <= last do
  local count = tonumber(ARGV[at])
  local is_done, reply = pcall(go_on, at, count, key)
  if not is_done then reply = {-1, type(reply) == 'table' and reply.err or tostring(reply)} end
  replies[#replies + 1] = reply
  at = at + 1 + count
  key = key + 4
end
return replies
