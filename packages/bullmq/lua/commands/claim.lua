-- Takes a step. Its epoch rises and its lease begins, or it is refused. Safe to repeat.
-- A[1] run id  [2] step  [3] nonce  [4] lease, ms  [5] tail of the record  [6] 1 if decided already  [7] 1 to cut a back-off short
-- A[8] deaths that make a step a suspect, or '' where one is accepted  A[9…] steps whose outputs are wanted
-- Returns  {0, reason} and whose turn it is, if anybody's · {2, epoch, cause, voted, flags} undecided
--          {1, header fields…, epoch, failures, output…} and bells to be rung, see R.add_offer
local step, nonce = A[2], A[3]

-- Null, or why not. The second answer: whether there is something to write.
local function refusal(c)
  if c and c.status == 'l' and c.nonce == nonce then return nil, false end
  if R.status == 'paused' or R.is_held then
    if c and c.status == 'r' then R.leave(c) end -- it is offered again when the run goes on
    return {0, 'run-paused'}, false
  end
  if not c or c.status == 'w' or (c.status == 'b' and A[7] ~= '1') or R.waits(c) then return {0, 'not-ready'}, false end
  if R.RESOLVED[c.status] then return {0, 'resolved'}, false end
  if c.status == 'l' or c.nonce == nonce then return {0, 'claimed'}, false end -- the same nonce: this very claim was given, and has ended
  if c.status == 'u' and A[6] ~= '1' then return {2, tonumber(c.epoch), c.cause, c.voted, c.flags}, false end
  if A[8] ~= '' and c.epoch ~= '0' then
    local deaths = redis.call('HGET', R.STEPS, '/deaths:' .. step)
    if deaths and tonumber(deaths) >= tonumber(A[8]) then return {0, 'suspect'}, false end
  end
  if R.budget and R.spent >= R.budget then
    if R.parks_on_budget() then
      R.hold_for_budget()
      return {0, 'awaiting_budget'}, true
    end
    R.end_run('budget_exceeded')
    return {0, R.closing and 'run-over' or 'budget'}, true
  end
  if R.cap and c.status ~= 'x' and R.in_flight >= R.cap then
    c.status = 'r'
    R.change(c)
    R.leave(c)
    R.enqueue(c)
    R.not_due(step)
    return {0, 'full'}, true
  end
  if R.is_keyed(step) then
    local is_turn, reason = R.turn_of(c)
    if not is_turn then
      if c.status == 'x' then -- its run was over for a time, or was lost, and its slot went to others
        if R.cap then R.in_flight = R.in_flight - 1 end
        c.nonce = ''
      end
      c.status = 'r'
      R.change(c)
      return {0, reason}, true
    end
  end
  R.lease(c, nonce, A[4], A[5])
  return nil, true
end

if not R.read_run() then return {0, 'unknown-run'} end
R.answered(step)
local reply, is_changed, c = {0, 'run-over'}, false, nil
if not R.is_over_for(step) then
  R.fetch({step})
  c = R.cells[step]
  reply, is_changed = refusal(c)
end
local offers = {}
if R.is_keyed(step) and not reply then
  offers = R.calls()
elseif R.is_keyed(step) and reply[1] ~= 2 and reply[2] ~= 'suspect' then
  local pool, refused = R.line(step), reply
  R.when_kids_ended(function()
    for _, value in ipairs(R.next_turn(pool)) do refused[#refused + 1] = value end
  end)
end
if is_changed or #offers > 0 or #R.adds > 0 then R.flush() end
if not reply then
  -- in the order of src/journal/header.ts
  reply = redis.call('HMGET', R.RUN, 'workflow', 'definition', 'input', 'tenant', 'priority', 'tags', 'status', 'error',
    'created', 'format', 'budget', 'timeout', 'parent')
  table.insert(reply, 1, 1)
  reply[#reply + 1] = R.records[#R.records] or redis.call('LINDEX', R.LOG, -1)
  reply = R.claimed_step(c, 9, #A - 8, reply)
end
for _, value in ipairs(offers) do reply[#reply + 1] = value end
return reply
