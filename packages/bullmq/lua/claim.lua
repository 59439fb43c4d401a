#!lua flags=allow-oom
-- lua/claim.lua: takes a step. Its epoch rises and its lease begins, or it is refused. Safe to repeat.
-- KEYS and ARGV[1..3]  see lib/run.lua
-- ARGV[4] step  [5] nonce  [6] lease, ms  [7] tail of the record  [8] 1 if decided already  [9…] steps whose outputs are wanted
-- Returns  {0, reason} · {2, epoch, cause, voted, flags} undecided · {1, header fields…, epoch, failures, output…}
-- @include time
-- @include cell
-- @include run
-- @include ready
local step, nonce, is_decided = ARGV[4], ARGV[5], ARGV[8] == '1'
local READS = 9

local function claimed(c)
  -- in the order of src/journal/header.ts
  local reply = redis.call('HMGET', RUN, 'workflow', 'definition', 'input', 'tenant', 'priority', 'tags', 'status', 'error',
    'created', 'updated', 'format')
  table.insert(reply, 1, 1)
  return claimed_step(c, READS, #ARGV - READS + 1, reply)
end

if not read_run() then return {0, 'unknown-run'} end
if OVER[run.status] then return {0, 'run-over'} end
fetch({step})
local c = cells[step]
if c and c.status == 'l' and c.nonce == nonce then return claimed(c) end
if run.status == 'paused' then return {0, 'run-paused'} end
if not c or c.status == 'w' or c.status == 'b' then return {0, 'not-ready'} end
if RESOLVED[c.status] then return {0, 'resolved'} end
if c.status == 'l' then return {0, 'claimed'} end
if c.status == 'u' and not is_decided then return {2, c.epoch, c.cause, c.voted, c.flags} end
if run.budget and run.spent >= run.budget then
  end_run('budget_exceeded')
  flush()
  return {0, 'budget'}
end
if c.status ~= 'x' and run.cap and run.in_flight >= run.cap then
  c.status = 'r'
  change(c)
  enqueue(c)
  due_at(step, false)
  flush()
  return {0, 'full'}
end
lease(c, nonce, tonumber(ARGV[6]), ARGV[7])
flush()
return claimed(c)
