#!lua flags=allow-oom
-- lua/turns.lua: what of concurrency keys and caps nobody has seen to. Bells that got lost are rung again, slots that nothing
-- holds are given back. See lib/fair.lua.
-- KEYS[1] due  KEYS[2] root of the shard  ARGV[1] ms after which a bell is missed  [2] ms after which it is given up, though
-- the queue is not empty  [3] first part of the keys of the steps' queues  [4] keys and runs that are looked through at most
-- Returns  {bells: see R.add_offer, RUN/STEP of slots that nothing held, runs whose cap is to be counted again}
if redis.call('EXISTS', KEYS[2] .. 'lines', KEYS[2] .. 'checks') == 0 then return {{}, {}, {}} end
-- @include lib/time
-- @include lib/cell
-- @include lib/run
-- @include lib/end
-- @include lib/fair
R.DUE, R.ROOT = KEYS[1], KEYS[2]
R.begin('', '', '', '', {''})
local SLOTS_MAX = 1000

local function has_jobs(pool)
  local queue = ARGV[3] .. (pool == 'default' and '' or '-' .. pool) .. ':'
  return redis.call('EXISTS', queue .. 'wait', queue .. 'prioritized') > 0
end

local lines = R.sorted_lines()
for _, pool in ipairs(lines) do
  local bells, past = R.ROOT .. 'bells:' .. pool, R.ROOT .. 'past:' .. pool
  redis.call('ZREMRANGEBYSCORE', bells, '-inf', R.now - ARGV[has_jobs(pool) and 2 or 1])
  local now = redis.call('ZSCORE', past, '')
  if now then redis.call('ZREMRANGEBYSCORE', past, '-inf', '(' .. now) end -- a key that comes back begins there anyway
end

-- A claim holds it, or a turn that is about to be claimed.
local function is_held(member)
  local run, step = string.match(member, '^([^/]*)/(.*)$')
  local f = redis.call('HMGET', R.ROOT .. 'run:' .. run, 'status', 'closing')
  if not f[1] or R.OVER[f[1]] or (f[2] and f[2] ~= '') then return false end
  local letter = string.sub(redis.call('HGET', R.ROOT .. 'steps:' .. run, step) or '', 1, 1)
  return letter == 'l' or letter == 'x' or letter == 'r' and redis.call('ZSCORE', R.DUE, member)
end

local freed, runs = {}, {}
local checks = R.ROOT .. 'checks'
for _, name in ipairs(redis.call('ZRANGEBYSCORE', checks, '-inf', R.now, 'LIMIT', 0, ARGV[4])) do
  redis.call('ZREM', checks, name)
  if string.sub(name, 1, 1) == '/' then
    local key = string.sub(name, 2)
    local slots = R.ROOT .. 'slots:' .. key
    for _, member in ipairs(redis.call('ZRANGE', slots, 0, SLOTS_MAX - 1)) do
      if not is_held(member) then
        R.free_key_slot(key, member)
        freed[#freed + 1] = member
      end
    end
    R.readmit(key)
    if redis.call('EXISTS', slots) == 1 then redis.call('ZADD', checks, R.now + R.CHECK_MS, name) end
  else
    runs[#runs + 1] = name
  end
end
return {R.calls(), freed, runs}
