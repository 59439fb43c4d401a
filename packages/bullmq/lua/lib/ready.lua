-- What becomes ready, who is offered what, and the replies that tell of it.

-- Nothing speaks against the step, so that it may be handed out without asking anybody.
function R.is_clean(c)
  return c.cause == '' and (c.voted == '' or c.flags == '1' or c.flags == '3')
end

function R.lower(a, b)
  if a == '' then return b end
  if b == '' or tonumber(a) <= tonumber(b) then return a end
  return b
end

function R.either(a, b)
  if a == b or b == '0' then return a end
  if a == '0' then return b end
  return '3'
end

-- Counts the edges that came and merges what they say; edge i is A[first + 2i], a step, and its
-- rank|in-degree|cause|voted|flags.
function R.spread_into(first, count, clean, undecided)
  for at = first, first + 2 * count - 2, 2 do
    local step = R.A[at]
    local rank, degree, cause, voted, flags = string.match(R.A[at + 1], '^(%d+)|(%d+)|(%d*)|(%d*)|([0-3])$')
    if not rank then error({err = 'BADARG edge to ' .. step}) end
    local c = R.cell_of(step, rank)
    if c.status == 'w' then -- else it kept its result when a step above it was reopened
      c.edges = c.edges + 1
      c.cause = R.lower(c.cause, cause)
      c.voted = R.lower(c.voted, voted)
      c.flags = R.either(c.flags, flags)
      if c.edges == tonumber(degree) then
        if R.is_clean(c) then
          c.status = 'r'
          clean[#clean + 1] = c
        else
          c.status = 'u'
          undecided[#undecided + 1] = c
        end
      end
      R.change(c)
    end
  end
end

function R.with_edge_steps(names, first, count)
  for at = first, first + 2 * count - 2, 2 do names[#names + 1] = R.A[at] end
  return names
end

function R.enqueue(c)
  redis.call('ZADD', R.queue_key(), c.rank, c.step)
  R.has_queued = true
end

function R.lease(c, nonce, lease_ms, tail)
  if R.cap then
    if c.status ~= 'x' then R.in_flight = R.in_flight + 1 end
    redis.call('ZREM', R.queue_key(), c.step)
  end
  if R.key then R.begin_turn(c) end
  c.status = 'l'
  c.epoch = c.epoch + 1
  c.nonce = nonce
  R.change(c)
  R.due_at(c.step, R.now + lease_ms)
  if R.status == 'queued' then R.status = 'running' end
  R.record('c', ',' .. c.epoch .. tail)
end

-- Epoch, failures (or, where it was reopened or woken, {failures, visit, wake or ''}), then the outputs asked for.
function R.claimed_step(c, reads_first, reads_count, reply)
  reply[#reply + 1] = tonumber(c.epoch)
  reply[#reply + 1] = c.visit and {tonumber(c.failures), tonumber(c.visit), R.woke(c)} or tonumber(c.failures)
  local reads_last = reads_first + reads_count - 1
  for from = reads_first, reads_last, R.BATCH do
    local to = math.min(from + R.BATCH - 1, reads_last)
    local outputs = redis.call('HMGET', R.OUT, unpack(R.A, from, to))
    for i = 1, to - from + 1 do reply[#reply + 1] = outputs[i] end
  end
  return reply
end

-- The first candidate that `accepts(its cell)`, claimed by `take`. A candidate is A[at] step, [at + 1] record tail,
-- [at + 2] count of reads, then the reads.
function R.first_candidate(next, accepts)
  local at = next.first
  for _ = 1, next.count do
    local reads = tonumber(R.A[at + 2])
    local c = R.cells[R.A[at]]
    if c and accepts(c, next) then return c, R.A[at + 1], at + 3, reads end
    at = at + 3 + reads
  end
  return nil
end

-- A capped run hands out its ready steps in the order, so the walk may only go on with the first of the queue.
function R.may_go_on(c)
  if not c.is_clean_now or R.key and not R.may_go_on_in_turn(c) then return false end
  return not R.cap or (R.in_flight < R.cap and redis.call('ZRANGE', R.queue_key(), 0, 0)[1] == c.step)
end

function R.claim_next(clean, next)
  if not next or #clean == 0 or R.is_held or (R.budget and R.spent >= R.budget) then return nil end
  for _, c in ipairs(clean) do c.is_clean_now = true end
  local c, tail, reads_first, reads_count = R.first_candidate(next, R.may_go_on)
  if not c then return nil end
  R.lease(c, next.nonce, next.lease_ms, tail)
  return R.claimed_step(c, reads_first, reads_count, {c.step})
end

-- The queue's first steps, as many as there are free slots. Each is offered anew, hence under a new epoch.
function R.take_from_queue()
  local free = R.cap - R.in_flight
  local taken = {}
  if free <= 0 then return taken end
  local names = {}
  for i, value in ipairs(redis.call('ZPOPMIN', R.queue_key(), free)) do
    if i % 2 == 1 then names[#names + 1] = value end
  end
  R.fetch(names)
  for i, step in ipairs(names) do
    local c = R.cells[step]
    if not c then R.corrupt('the queue names step ' .. step) end
    c.epoch = c.epoch + 1
    R.change(c)
    taken[i] = c
  end
  return taken
end

-- Which of the ready steps somebody must ring for: step, epoch, step, epoch, … Steps of runs with a concurrency key wait for
-- their turns, and what is answered are bells of any run, see R.add_offer.
function R.offers_of(clean, claimed)
  local offered = R.cap and R.take_from_queue() or clean
  if R.key and not R.closing then
    for _, c in ipairs(offered) do
      if c.status == 'r' and (R.cap or not claimed or c.step ~= claimed[1]) then R.queue_up(c) end
    end
    return R.calls()
  end
  local reply = {}
  for _, c in ipairs(offered) do
    if R.cap or not claimed or c.step ~= claimed[1] then
      R.due_at(c.step, R.now + R.OFFER_MS)
      reply[#reply + 1] = c.step
      reply[#reply + 1] = tonumber(c.epoch)
    end
  end
  return reply
end

-- Step, epoch, cause, voted, flags, step, …
function R.undecided_of(undecided)
  local reply = {}
  for _, c in ipairs(undecided) do
    R.due_at(c.step, R.now + R.OFFER_MS)
    for _, value in ipairs({c.step, tonumber(c.epoch), c.cause, c.voted, c.flags}) do reply[#reply + 1] = value end
  end
  return reply
end

-- {1, run status, number of values in offers, in undecided, then offers, undecided, and what was claimed, if any}
function R.flat_reply(offers, undecided, claimed)
  local reply = {1, R.status, #offers, #undecided}
  for i = 1, #offers do reply[#reply + 1] = offers[i] end
  for i = 1, #undecided do reply[#reply + 1] = undecided[i] end
  for i = 1, claimed and #claimed or 0 do reply[#reply + 1] = claimed[i] end
  return reply
end

-- What a run does not need any more is for others.
function R.reply_with_calls(offers)
  local reply = R.flat_reply(offers, {}, nil)
  if R.key then R.when_kids_ended(function()
    local calls = R.calls()
    for _, value in ipairs(calls) do reply[#reply + 1] = value end
    reply[3] = reply[3] + #calls
  end) end
  return reply
end

-- A ready step that was handed out: neither its run nor its key makes it wait.
function R.is_offered(c)
  return c.status == 'r' and not R.is_keyed(c.step) and not (R.cap and redis.call('ZSCORE', R.queue_key(), c.step))
end

function R.settled_reply(clean, undecided, next)
  if R.has_ended then return R.reply_with_calls({}) end
  R.take_stock()
  if R.closing then return R.reply_with_calls(R.offers_of_cleanup()) end
  if R.cap then for _, c in ipairs(clean) do R.enqueue(c) end end
  local claimed = R.claim_next(clean, next)
  local offers = R.offers_of(clean, claimed)
  return R.flat_reply(offers, R.undecided_of(undecided), claimed)
end

-- The same command again, its first reply lost: nothing changes, and what is still to be had is answered again.
function R.repeated_reply(first, count, next, own)
  if R.closing then
    local reply = R.flat_reply(R.offers_of_cleanup(), {}, nil)
    R.flush()
    return reply
  end
  local ready, undecided, claimed = {}, {}, nil
  for at = first, first + 2 * count - 2, 2 do
    local c = R.cells[R.A[at]]
    if c and c.status == 'l' and next and c.nonce == next.nonce and not claimed then
      local _, _, reads_first, reads_count = R.first_candidate(next, function(candidate) return candidate == c end)
      claimed = R.claimed_step(c, reads_first or 1, reads_count or 0, {c.step})
    elseif c and R.is_offered(c) then
      ready[#ready + 1] = c.step
      ready[#ready + 1] = tonumber(c.epoch)
    elseif c and c.status == 'u' then
      undecided[#undecided + 1] = c
    end
  end
  if own and R.is_offered(own) then
    ready[#ready + 1] = own.step -- its wait may have been over at once
    ready[#ready + 1] = tonumber(own.epoch)
  end
  local reply = R.flat_reply(ready, R.undecided_of(undecided), claimed)
  R.flush()
  return reply
end

-- After a step was resolved: its edges, perhaps the end of the run, and what to do next.
function R.resolved(c, is_success, first, count, total, next, failure)
  if R.closing then
    R.not_due(c.step)
    R.closed(failure)
    local reply = R.reply_with_calls({})
    R.flush()
    return reply
  end
  if total > count then -- the rest comes in further chunks; until then the step is owed
    R.owes = true
    R.put('/edges:' .. c.step, count)
    R.due_at(c.step, R.now + R.OFFER_MS)
  else
    R.not_due(c.step)
  end
  R.unresolved = R.unresolved - 1
  R.put('/unresolved', R.unresolved)
  local clean, undecided = {}, {}
  R.spread_into(first, count, clean, undecided)
  local is_overspent = is_success and R.budget and R.spent > R.budget
  if is_overspent and not R.parks_on_budget() then
    R.end_run('budget_exceeded')
  elseif is_overspent and R.unresolved > 0 then
    if not R.is_held then R.hold_for_budget() end
  elseif R.unresolved == 0 then
    R.call_in_batches('HSET', R.RUN, R.fields) -- the failure of this step, if it is one
    R.fields = {}
    local failure = redis.call('HGET', R.RUN, 'failure')
    -- a child run was stopped by what was left of this run's budget, and nothing else went wrong before it
    local is_budget = failure and R.budget and R.spent >= R.budget
      and string.find(failure, '{"code":"run/budget-exceeded"', 1, true) == 1
    if is_budget then R.end_run('budget_exceeded')
    elseif failure then R.end_run('failed', failure)
    else R.end_run('success', 'null') end
  end
  local reply = R.settled_reply(clean, undecided, next)
  R.flush()
  return reply
end
