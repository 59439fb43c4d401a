-- Lets a paused or ended run go on. Fenced by the run's status and the number of its records.
-- A[1] run id  [2] records seen  [3] tail of the record  [4] unresolved steps  [5] budget or ''  [6] timeout, ms or ''
-- A[7] reopened  [8] ready  [9] counted  [10] spread: how many of each follow
-- A[11] rank of the first step that stays failed, or ''  [12] its error as JSON
-- then the reopened (step, and rank|edges|cause|voted|flags), the ready (step, rank), the counted (as reopened), the spread (step)
-- Returns  {0, status or nothing} refused · {1, {step, epoch, …}, {step, epoch, cause, voted, flags, …}}
local FIRST = 13
local ready_first = FIRST + 2 * A[7]
local ready_last = ready_first + 2 * A[8] - 1
local counted_last = ready_last + 2 * A[9]

if not R.read_run() then return {0} end
local was_over = R.OVER[R.status]
local is_cleaning_up = R.closing and not was_over
if R.status == 'queued' or R.status == 'running' or redis.call('LLEN', R.LOG) ~= tonumber(A[2]) then return {0, R.status} end
local names = {'/open'}
for at = FIRST, counted_last, 2 do names[#names + 1] = A[at] end
R.fetch(names)

local function standing(at)
  local rank, edges, cause, voted, flags = string.match(A[at + 1], '^(%d+)|(%d+)|(%d*)|(%d*)|([0-3])$')
  if not rank then error({err = 'BADARG standing of step ' .. A[at]}) end
  return rank, edges, cause, voted, flags
end

for at = FIRST, ready_first - 1, 2 do
  local rank, edges, cause, voted, flags = standing(at)
  local c = R.cell_of(A[at], rank)
  if R.cap then
    if c.status == 'l' or c.status == 'x' then R.in_flight = R.in_flight - 1 end
    redis.call('ZREM', R.queue_key(), c.step)
  end
  R.leave(c)
  if R.cleanup and c.step == R.cleanup_step() then c.class = nil end -- it is not counted
  c.status, c.nonce, c.failures, c.edges, c.cause, c.voted, c.flags = 'w', '', '0', edges, cause, voted, flags
  c.visit, c.woken = (c.visit or 1) + 1, ''
  R.change(c)
  redis.call('HDEL', R.OUT, A[at])
  redis.call('HDEL', R.STEPS, '/deaths:' .. A[at])
end
-- Below a step of many edges not all may have been counted; from here on they are, and a late chunk changes nothing.
for at = ready_last + 1, counted_last, 2 do
  local rank, edges, cause, voted, flags = standing(at)
  local c = R.cell_of(A[at], rank)
  if c.status == 'w' or c.status == 'u' or c.status == 'r' then
    c.edges, c.cause, c.voted, c.flags = edges, cause, voted, flags
    R.change(c)
  end
end
for at = counted_last + 1, counted_last + A[10] do redis.call('HDEL', R.STEPS, '/edges:' .. A[at]) end
if was_over then R.keep() end
redis.call('HDEL', R.RUN, 'budget', 'timeout')
if not is_cleaning_up then
  redis.call('HDEL', R.RUN, 'failure', 'failureRank')
  if A[11] ~= '' then
    R.set('failureRank', A[11])
    R.set('failure', A[12])
  end
  if R.closing then R.set('closing', '') end
  R.closing = nil
end
if R.is_held then R.set('held', '') end
R.is_held = false
R.status = 'running'
R.budget = tonumber(A[5])
R.set('error', '')
if R.budget then R.set('budget', A[5]) end
if A[6] ~= '' then R.set('timeout', A[6]) end
R.put('/unresolved', A[4])
R.record('o', A[3])
if is_cleaning_up then -- it was held, and goes on with that and with nothing else
  local step, offers = R.cleanup_step(), {}
  R.fetch({step})
  local c = R.cells[step]
  for at = ready_first, ready_last, 2 do
    if A[at] == step and c and string.find('rxb', c.status, 1, true) then
      if c.status == 'b' then c.status = 'r' end
      c.epoch = c.epoch + 1
      R.change(c)
      R.due_at(step, R.now + R.OFFER_MS)
      offers = {step, tonumber(c.epoch)}
    end
  end
  R.take_stock()
  R.flush()
  return {1, offers, {}}
end
if A[4] == '0' then -- its last step had been the one that exceeded the budget
  R.end_run('success', 'null')
  local offers = R.closing and R.offers_of_cleanup() or {}
  R.flush()
  return {1, offers, {}}
end
if A[6] ~= '' then R.adds = {R.now + A[6], R.RUN_ID} end
R.look_again_at_waits()

local offers, clean, undecided = {}, {}, {}
for at = ready_first, ready_last, 2 do
  local c = R.cell_of(A[at], A[at + 1])
  if c.status ~= 'l' and not R.waits(c) and not R.RESOLVED[c.status] then
    R.not_due(c.step) -- a back-off ends here
    c.epoch = c.epoch + 1
    R.change(c)
    if c.status == 'x' then
      if R.cap or R.key then -- it has its slot, and is offered before what the queue gives
        R.due_at(c.step, R.now + R.OFFER_MS)
        offers[#offers + 1] = c.step
        offers[#offers + 1] = tonumber(c.epoch)
      else
        clean[#clean + 1] = c
      end
    elseif R.is_clean(c) then
      c.status = 'r'
      clean[#clean + 1] = c
      if R.cap then R.enqueue(c) end
    else
      c.status = 'u'
      undecided[#undecided + 1] = c
    end
  end
end
for _, value in ipairs(R.offers_of(clean, nil)) do offers[#offers + 1] = value end
local reply = {1, offers, R.undecided_of(undecided)}
R.take_stock()
R.flush()
return reply
