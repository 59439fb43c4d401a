-- One overdue entry, renewed or fulfilled. Two sweepers at once: the second finds it no longer overdue.
-- A[1] run id  [2] step, or '' for the run's deadline  [3] stem of the step's BullMQ jobs: the epoch makes it a job's id
-- A[4] how often a bell that still waits in the queue is waited for  [5] at most this long a time, ms
-- A[6] ms after which a child run is looked at again  A[7] first part of the keys of the steps' queues
-- A[8] ms for which a lease that ran out is left alone, or '' where it ends  A[9] deaths that quarantine a step
-- A[10] beginning of the nonces of a worker that is gone: its lease ends before it runs out; or ''
-- Returns  {0} nothing to do · {1, bell | lease | retry, definition, priority, epoch} · {2, definition, priority} edges owed
--          {3, definition, priority, epoch, cause, voted, flags} undecided · {4, status} the run was ended
--          {5, definition, priority, child run} to be looked at · {6, definition, priority, step, epoch} the cleanup step
--          {7, definition, priority, status, step, epoch, …} the step is quarantined, and these are offered

-- A bell that shares its job with others has none of its own: it may wait as long as the queue's oldest does.
local function is_bell_waiting(id, pool)
  local queue = A[7] .. (pool == 'default' and '' or '-' .. pool) .. ':'
  local job = redis.call('HMGET', queue .. id, 'timestamp', 'finishedOn')
  if job[1] then return not job[2] end
  if redis.call('ZCARD', queue .. 'prioritized') > 0 then return true end
  local oldest = redis.call('LINDEX', queue .. 'wait', -1)
  local since = oldest and redis.call('HGET', queue .. oldest, 'timestamp')
  return since and tonumber(since) <= R.now - R.OFFER_MS
end

local step = A[2]
local member = step == '' and R.RUN_ID or R.RUN_ID .. '/' .. step
local score = tonumber(redis.call('ZSCORE', R.DUE, member))
if A[10] == '' and (not score or score > R.now) then return {0} end
R.removes = {member}
if not R.read_run() then
  redis.call('ZREM', R.DUE, member)
  return {0}
end
if step == '' then
  local is_late = not R.OVER[R.status] and R.status ~= 'paused' and not R.is_held and not R.closing
  if is_late then R.end_run('timeout', '["timeout",' .. (redis.call('HGET', R.RUN, 'timeout') or 'null') .. ']') end
  local reply = is_late and {4, R.status} or {0}
  if is_late and R.closing then
    local label, offer = redis.call('HMGET', R.RUN, 'definition', 'priority'), R.offers_of_cleanup()
    reply = {6, label[1], label[2], offer[1], offer[2]}
  end
  R.flush()
  return reply
end

local label = redis.call('HMGET', R.RUN, 'definition', 'priority')
R.fetch({'/open', step})
local c = R.cells[step]
if A[10] ~= '' and not (c and c.status == 'l' and string.sub(c.nonce, 1, #A[10]) == A[10]) then return {0} end
if c and R.RESOLVED[c.status] and not R.is_over_for(step) and redis.call('HEXISTS', R.STEPS, '/edges:' .. step) == 1 then
  R.due_at(step, R.now + R.OFFER_MS)
  R.flush()
  return {2, label[1], label[2]}
end
if not c or R.RESOLVED[c.status] or c.status == 'w' then
  R.flush()
  return {0}
end
if R.is_over_for(step) then
  if c.status == 'l' then -- nobody looks after it again, should the run be reopened
    c.status = 'x'
    R.change(c)
  end
  R.flush()
  return {0}
end
if R.waits_for_child(c) then
  R.due_at(step, R.now + A[6])
  R.flush()
  return {5, label[1], label[2], R.waits_for(step)}
end
local is_awake = not R.waits(c)
if not is_awake then
  R.wake(c, '["e"]')
  R.take_stock()
end
if c.status == 'l' then
  if A[8] ~= '' then
    R.due_at(step, R.now + A[8])
    R.flush()
    return {0}
  end
  c.status = 'x'
  R.change(c)
  local deaths = (redis.call('HGET', R.STEPS, '/deaths:' .. step) or 0) + 1
  R.put('/deaths:' .. step, deaths)
  R.record('d', ',' .. c.epoch .. ',' .. cjson.encode(step) .. ']')
  if deaths >= tonumber(A[9]) then
    local offers = R.quarantine(c, deaths)
    local reply = {7, label[1], label[2], R.status, unpack(offers)}
    R.flush()
    return reply
  end
end
local cause = c.status == 'x' and 'lease' or (c.status == 'b' or not is_awake) and 'retry' or 'bell'
if c.status == 'b' then c.status = 'r' end
if cause ~= 'bell' then R.change(c) end
if R.is_held then
  if c.status == 'r' then R.leave(c) end
  R.flush()
  return {0}
end
-- The sixteenths of a due time count how often its bell was found waiting: a queue may be long, but a bell that was
-- wrecked or forgotten must not hold a step for ever.
if cause == 'bell' and c.status == 'r' and not R.is_keyed(step) then
  local waits = math.floor((score - math.floor(score)) * 16 + 0.5)
  if waits < tonumber(A[4]) then
    if is_bell_waiting(A[3] .. c.epoch, R.pool_of(step, label[1])) then
      R.due_at(step, R.now + math.min(R.OFFER_MS * 2 ^ (waits + 1), tonumber(A[5])) + (waits + 1) / 16)
      R.flush()
      return {0}
    end
  end
end
if is_awake then
  c.epoch = c.epoch + 1
  R.change(c)
end
if c.status == 'u' then
  R.due_at(step, R.now + R.OFFER_MS)
  R.flush()
  return {3, label[1], label[2], c.epoch, c.cause, c.voted, c.flags}
end
if c.status == 'r' then R.leave(c) end -- it had a turn, and nobody came
if c.status == 'r' and R.cap and R.in_flight >= R.cap then
  R.enqueue(c)
  R.flush()
  return {0}
end
if c.status == 'r' and R.is_keyed(step) then
  R.queue_up(c)
  R.flush()
  return {0}
end
R.due_at(step, R.now + R.OFFER_MS)
R.flush()
return {1, cause, label[1], label[2], c.epoch}
