-- Takes a step. Its epoch rises and its lease begins, or it is refused. Safe to repeat.
-- A[1] run id  [2] step  [3] nonce  [4] lease, ms  [5] tail of the record  [6] 1 if decided already  [7] 1 to cut a back-off short
-- A[8] deaths that make a step a suspect, or '' where one is accepted  A[9…] steps whose outputs are wanted
-- Returns  {0, reason} · {2, epoch, cause, voted, flags} undecided · {1, header fields…, epoch, failures, output…}
local step, nonce = A[2], A[3]

local function claimed(c)
  -- in the order of src/journal/header.ts
  local reply = redis.call('HMGET', R.RUN, 'workflow', 'definition', 'input', 'tenant', 'priority', 'tags', 'status', 'error',
    'created', 'format', 'budget', 'timeout', 'parent')
  table.insert(reply, 1, 1)
  reply[#reply + 1] = R.records[#R.records] or redis.call('LINDEX', R.LOG, -1)
  return R.claimed_step(c, 9, #A - 8, reply)
end

if not R.read_run() then return {0, 'unknown-run'} end
if R.is_over_for(step) then return {0, 'run-over'} end
R.fetch({step})
local c = R.cells[step]
if c and c.status == 'l' and c.nonce == nonce then return claimed(c) end
if R.status == 'paused' or R.is_held then return {0, 'run-paused'} end
if not c or c.status == 'w' or (c.status == 'b' and A[7] ~= '1') or R.waits(c) then return {0, 'not-ready'} end
if R.RESOLVED[c.status] then return {0, 'resolved'} end
if c.status == 'l' or c.nonce == nonce then return {0, 'claimed'} end -- the same nonce: this very claim was given, and has ended
if c.status == 'u' and A[6] ~= '1' then return {2, tonumber(c.epoch), c.cause, c.voted, c.flags} end
if A[8] ~= '' and c.epoch ~= '0' then
  local deaths = redis.call('HGET', R.STEPS, '/deaths:' .. step)
  if deaths and tonumber(deaths) >= tonumber(A[8]) then return {0, 'suspect'} end
end
if R.budget and R.spent >= R.budget then
  if R.parks_on_budget() then
    R.hold_for_budget()
    R.flush()
    return {0, 'awaiting_budget'}
  end
  R.end_run('budget_exceeded')
  R.flush()
  return {0, R.closing and 'run-over' or 'budget'}
end
if R.cap and c.status ~= 'x' and R.in_flight >= R.cap then
  c.status = 'r'
  R.change(c)
  R.enqueue(c)
  R.not_due(step)
  R.flush()
  return {0, 'full'}
end
R.lease(c, nonce, A[4], A[5])
R.flush()
return claimed(c)
