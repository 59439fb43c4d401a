-- What becomes ready, who is offered what, and the replies that tell of it.
local EDGE = '^(%d+)|(%d+)|(%d*)|(%d*)|([0-3])$'

-- Counts the edges that came and merges what they say; edge i is ARGV[first + 2i], a step, and its
-- rank|in-degree|cause|voted|flags.
local function spread_into(first, count, clean, undecided)
  for i = 0, count - 1 do
    local step = ARGV[first + 2 * i]
    local rank, degree, cause, voted, flags = string.match(ARGV[first + 2 * i + 1], EDGE)
    if not rank then error({err = 'BADARG edge to ' .. step}) end
    local c = cell_of(step, rank)
    if c.status == 'w' then -- else it kept its result when a step above it was reopened
      c.edges = c.edges + 1
      c.cause = lower(c.cause, cause)
      c.voted = lower(c.voted, voted)
      c.flags = either(c.flags, flags)
      if c.edges == tonumber(degree) then
        if is_clean(c) then
          c.status = 'r'
          clean[#clean + 1] = c
        else
          c.status = 'u'
          undecided[#undecided + 1] = c
        end
      end
      change(c)
    end
  end
end

local function edge_steps(first, count, names)
  for i = 0, count - 1 do names[#names + 1] = ARGV[first + 2 * i] end
  return names
end

local function enqueue(c)
  redis.call('ZADD', QUEUE, c.rank, c.step)
end

local function lease(c, nonce, lease_ms, tail)
  if c.status ~= 'x' then change_in_flight(1) end
  if run.cap then redis.call('ZREM', QUEUE, c.step) end
  c.status = 'l'
  c.epoch = c.epoch + 1
  c.nonce = nonce
  change(c)
  due_at(c.step, now + lease_ms)
  if run.status == 'queued' then run.status = 'running' end
  touch()
  record('c', ',' .. c.epoch .. tail)
end

-- Epoch, failures, then the outputs asked for.
local function claimed_step(c, reads_first, reads_count, reply)
  reply[#reply + 1] = c.epoch
  reply[#reply + 1] = c.failures
  for from = reads_first, reads_first + reads_count - 1, BATCH do
    local to = math.min(from + BATCH - 1, reads_first + reads_count - 1)
    local outputs = redis.call('HMGET', OUT, unpack(ARGV, from, to))
    for i = 1, to - from + 1 do reply[#reply + 1] = outputs[i] end
  end
  return reply
end

-- A candidate is ARGV[at] step, [at + 1] record tail, [at + 2] count of reads, then the reads.
local function each_candidate(at, count, visit)
  for _ = 1, count do
    local reads = tonumber(ARGV[at + 2])
    local found = visit(ARGV[at], ARGV[at + 1], at + 3, reads)
    if found then return found end
    at = at + 3 + reads
  end
  return false
end

-- A capped run hands out its ready steps in the order, so the walk may only go on with the first of the queue.
local function claim_next(clean, next)
  if next.nonce == '' or run.status == 'paused' or (run.budget and run.spent >= run.budget) then return false end
  return each_candidate(next.first, next.count, function(step, tail, reads_first, reads_count)
    local c = cells[step]
    local is_ready = false
    for _, ready in ipairs(clean) do if ready == c then is_ready = true end end
    if not is_ready then return nil end
    if run.cap and (run.in_flight >= run.cap or redis.call('ZRANGE', QUEUE, 0, 0)[1] ~= step) then return nil end
    lease(c, next.nonce, next.lease_ms, tail)
    return claimed_step(c, reads_first, reads_count, {step})
  end)
end

-- The queue's first steps, as many as there are free slots. Each is offered anew, hence under a new epoch.
local function take_from_queue()
  local free = run.cap - run.in_flight
  if free <= 0 then return {} end
  local popped = redis.call('ZPOPMIN', QUEUE, free)
  local names, taken = {}, {}
  for i = 1, #popped, 2 do names[#names + 1] = popped[i] end
  fetch(names)
  for i, step in ipairs(names) do
    local c = cells[step]
    if not c then corrupt('the queue names step ' .. step) end
    c.epoch = c.epoch + 1
    change(c)
    taken[i] = c
  end
  return taken
end

-- Which of the ready steps somebody must ring for: step, epoch, step, epoch, …
local function offers_of(clean, claimed)
  local offered = run.cap and take_from_queue() or clean
  local reply = {}
  for _, c in ipairs(offered) do
    if run.cap or not claimed or c.step ~= claimed[1] then
      due_at(c.step, now + OFFER_MS)
      reply[#reply + 1] = c.step
      reply[#reply + 1] = c.epoch
    end
  end
  return reply
end

-- Step, epoch, cause, voted, flags, step, …
local function undecided_of(undecided)
  local reply = {}
  for _, c in ipairs(undecided) do
    due_at(c.step, now + OFFER_MS)
    for _, value in ipairs({c.step, c.epoch, c.cause, c.voted, c.flags}) do reply[#reply + 1] = value end
  end
  return reply
end

-- {1, run status, offers, undecided, claimed or nothing}
local function settled_reply(clean, undecided, next)
  if OVER[run.status] then return {1, run.status, {}, {}} end
  if run.cap then for _, c in ipairs(clean) do enqueue(c) end end
  local claimed = claim_next(clean, next)
  local reply = {1, run.status, offers_of(clean, claimed), undecided_of(undecided)}
  if claimed then reply[5] = claimed end
  reply[2] = run.status
  return reply
end

-- The same command again, its first reply lost: nothing changes, and what is still to be had is answered again.
local function repeated_reply(first, count, next)
  local ready, undecided, claimed = {}, {}, nil
  for i = 0, count - 1 do
    local c = cells[ARGV[first + 2 * i]]
    if c and c.status == 'l' and next.nonce ~= '' and c.nonce == next.nonce and not claimed then
      claimed = each_candidate(next.first, next.count, function(step, _, reads_first, reads_count)
        if step == c.step then return claimed_step(c, reads_first, reads_count, {step}) end
        return nil
      end) or claimed_step(c, 1, 0, {c.step})
    elseif c and c.status == 'r' and not (run.cap and redis.call('ZSCORE', QUEUE, c.step)) then
      ready[#ready + 1] = c.step
      ready[#ready + 1] = c.epoch
    elseif c and c.status == 'u' then
      undecided[#undecided + 1] = c
    end
  end
  local reply = {1, run.status, ready, undecided_of(undecided)}
  if claimed then reply[5] = claimed end
  flush()
  return reply
end

-- After a step was resolved: its edges, perhaps the end of the run, and what to do next.
local function resolved(c, is_success, first, count, total, next)
  if total > count then -- the rest comes in further chunks; until then the step is owed
    set('edges:' .. c.step, count)
    due_at(c.step, now + OFFER_MS)
  else
    due_at(c.step, false)
  end
  run.unresolved = run.unresolved - 1
  set('unresolved', run.unresolved)
  local clean, undecided = {}, {}
  spread_into(first, count, clean, undecided)
  if is_success and run.budget and run.spent > run.budget then
    end_run('budget_exceeded')
  elseif run.unresolved == 0 then
    local failure = run.failure or redis.call('HGET', RUN, 'failure')
    if failure and failure ~= '' then end_run('failed', failure) else end_run('success', 'null') end
  end
  local reply = settled_reply(clean, undecided, next)
  flush()
  return reply
end
