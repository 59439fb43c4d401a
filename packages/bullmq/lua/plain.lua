#!lua flags=allow-oom
-- lua/plain.lua: what nearly every step of a plain run asks, at a third of the price of lua/turn.lua: the first claim of a
-- step, a success at no cost whose one edge makes an untouched step ready, and the success that ends the run. Where anything
-- else is the case (another fence, a repeat, a cap, a budget, a watcher) nothing is done, and the long way decides.
-- KEYS[1] due  KEYS[2] root of the shard, then run, steps, out and log of each command's run
-- ARGV[1] generation/… (see lib/generation.lua)  ARGV[2] ms for which an ended run stays, then for each command its name, the number of its arguments, and these:
--   take      1 run id  2 step  3 nonce  4 lease, ms  5 tail of the record  6… steps whose outputs are wanted
--   go-on     1 run id  2 step  3 nonce  4 tail of the record  5 output  6 next step  7 its rank  8 its flags
--             9 nonce of its claim  10 its lease, ms  11 tail of its record  12… steps whose outputs are wanted
--   finish    1 run id  2 step  3 nonce  4 tail of the record  5 output
-- Returns  a reply a command: {0} ask the long way · take {1, header fields…, record, epoch, failures, output, …}
--          go-on {1, next step, epoch, failures, output, …} · finish {1} · {-1, message} failed
-- @include lib/generation
-- @include lib/time
local now = clock()
local now_text = string.format('%.0f', now)
local plain = {}

-- Adds the outputs of the steps that ARGV names.
local function with_outputs(reply, out, from, to)
  for i = from, to do reply[#reply + 1] = redis.call('HGET', out, ARGV[i]) end
  return reply
end

local function is_held(cell, nonce)
  return cell and string.sub(cell, 1, #nonce + 2) == 'l' .. nonce .. '|'
end

function plain.take(at, count, key)
  local run, steps, step = KEYS[key], KEYS[key + 1], ARGV[at + 2]
  -- in the order of src/journal/header.ts
  local f = redis.call('HMGET', run, 'workflow', 'definition', 'input', 'tenant', 'priority', 'tags', 'status', 'error',
    'created', 'format', 'budget', 'timeout', 'parent', 'cap', 'watch', 'more')
  if (f[7] ~= 'running' and f[7] ~= 'queued') or f[11] or f[14] or f[15] or f[16] then return {0} end
  local cell = redis.call('HGET', steps, step)
  if not cell or string.sub(cell, 1, 4) ~= 'r|0|' then return {0} end
  local record = '["c",' .. now_text .. ',1' .. ARGV[at + 5]
  redis.call('HSET', steps, step, 'l' .. ARGV[at + 3] .. '|1' .. string.sub(cell, 4), '/plain', 1)
  redis.call('RPUSH', KEYS[key + 3], record)
  redis.call('ZADD', KEYS[1], now + ARGV[at + 4], ARGV[at + 1] .. '/' .. step)
  if f[7] == 'queued' then
    f[7] = 'running'
    redis.call('HSET', run, 'status', 'running')
    redis.call('ZREM', KEYS[2] .. 'ix:queued', ARGV[at + 1])
    redis.call('ZADD', KEYS[2] .. 'ix:running', f[9], ARGV[at + 1])
  end
  local reply = {1, f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11], f[12], f[13], record, 1, 0}
  return with_outputs(reply, KEYS[key + 2], at + 6, at + count)
end

plain['go-on'] = function(at, count, key)
  local steps, step, nonce, target = KEYS[key + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 6]
  local s = redis.call('HMGET', steps, step, target, '/unresolved', '/plain')
  if s[4] ~= '1' or not is_held(s[1], nonce) or s[2] or not s[3] then return {0} end
  redis.call('HSET', steps, step, 's' .. string.sub(s[1], 2),
    target, 'l' .. ARGV[at + 9] .. '|1|0|' .. ARGV[at + 7] .. '|1|||' .. ARGV[at + 8],
    '/unresolved', s[3] - 1)
  redis.call('HSET', KEYS[key + 2], step, ARGV[at + 5])
  redis.call('RPUSH', KEYS[key + 3], '["k",' .. now_text .. ARGV[at + 4], '["c",' .. now_text .. ',1' .. ARGV[at + 11])
  redis.call('ZREM', KEYS[1], ARGV[at + 1] .. '/' .. step)
  redis.call('ZADD', KEYS[1], now + ARGV[at + 10], ARGV[at + 1] .. '/' .. target)
  return with_outputs({1, target, 1, 0}, KEYS[key + 2], at + 12, at + count)
end

function plain.finish(at, _, key)
  local id, run, steps, step = ARGV[at + 1], KEYS[key], KEYS[key + 1], ARGV[at + 2]
  local s = redis.call('HMGET', steps, step, '/unresolved', '/plain')
  if s[3] ~= '1' or s[2] ~= '1' or not is_held(s[1], ARGV[at + 3]) then return {0} end
  local f = redis.call('HMGET', run, 'timeout', 'failure', 'created', 'definition', 'more')
  if f[1] or f[2] or f[5] then return {0} end
  redis.call('HSET', steps, step, 's' .. string.sub(s[1], 2), '/unresolved', 0, '/open', '0|0|0', '/plain', 0)
  redis.call('HSET', KEYS[key + 2], step, ARGV[at + 5])
  redis.call('RPUSH', KEYS[key + 3], '["k",' .. now_text .. ARGV[at + 4], '["e",' .. now_text .. ',"success",null]')
  redis.call('ZREM', KEYS[1], id .. '/' .. step)
  redis.call('HSET', run, 'status', 'success', 'error', '')
  redis.call('ZREM', KEYS[2] .. 'ix:running', id)
  redis.call('ZADD', KEYS[2] .. 'ix:success', f[3], id)
  for i = key, key + 3 do redis.call('PEXPIRE', KEYS[i], ARGV[2]) end
  local definition = KEYS[2] .. 'def:' .. f[4]
  if redis.call('HINCRBY', definition, 'live', -1) <= 0 then redis.call('PEXPIRE', definition, ARGV[2]) end
  redis.call('ZADD', KEYS[2] .. 'unsaved', now, id)
  redis.call('PUBLISH', KEYS[2] .. 'ends', id .. ' success')
  return {1}
end

local replies = {}
local at, key, last = 4, 3, #ARGV
while at <= last do
  local count = tonumber(ARGV[at])
  local is_done, reply = pcall(plain[ARGV[at - 1]], at, count, key)
  if not is_done then reply = {-1, type(reply) == 'table' and reply.err or tostring(reply)} end
  replies[#replies + 1] = reply
  at = at + 2 + count
  key = key + 4
end
return replies
