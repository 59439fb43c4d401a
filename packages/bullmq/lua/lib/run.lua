-- The run that a command works on. Everything is read first, changed in memory, and written by flush() at the end, so
-- that a command which meets nonsense has written nothing.
--
-- Keys of a run: RUN hash (header, and what changes rarely), STEPS hash (step → see lib/cell.lua; `/unresolved` counts,
-- and `/edges:STEP` says how far a step's edges have been spread: no step id holds a slash), OUT hash (step → JSON text),
-- LOG list of records. Of the shard: DUE, and what is made from ROOT: queue:ID, ix:STATUS, def:HASH, unsaved; channels ends, pokes.
R.OVER = {success = true, failed = true, timeout = true, budget_exceeded = true, cancelled = true}
R.BATCH = 1000 -- unpack() ends at some 8,000 values
R.now = clock()
R.now_text = string.format('%.0f', R.now)

-- Everything that belongs to one command is set anew here.
function R.begin(run, steps, out, log, arguments)
  R.RUN, R.STEPS, R.OUT, R.LOG, R.A = run, steps, out, log, arguments
  R.RUN_ID = R.A[1]
  R.unresolved, R.in_flight, R.spent, R.status_before, R.has_ended = nil, nil, nil, nil, false
  R.cells, R.changed, R.fields, R.counters, R.records, R.adds, R.removes = {}, {}, {}, {}, {}, {}, {}
end

-- False when there is no such run.
function R.read_run()
  local f = redis.call('HMGET', R.RUN, 'status', 'created', 'cap', 'budget', 'watch')
  R.status = f[1]
  if not R.status then return false end
  R.status_before, R.created, R.cap, R.budget, R.watch = R.status, f[2], tonumber(f[3]), tonumber(f[4]), f[5]
  if R.cap then R.in_flight = tonumber(redis.call('HGET', R.RUN, 'inFlight')) or 0 end
  if R.budget then R.spent = tonumber(redis.call('HGET', R.RUN, 'spent')) or 0 end
  return true
end

function R.queue_key()
  return R.ROOT .. 'queue:' .. R.RUN_ID
end

function R.set(field, value)
  R.fields[#R.fields + 1] = field
  R.fields[#R.fields + 1] = value
end

-- Reads steps; names[1] may be `/unresolved`.
function R.fetch(names)
  local count = #names
  for from = 1, count, R.BATCH do
    local texts = redis.call('HMGET', R.STEPS, unpack(names, from, math.min(from + R.BATCH - 1, count)))
    for i, text in ipairs(texts) do
      local name = names[from + i - 1]
      if name == '/unresolved' then
        R.unresolved = tonumber(text)
        if not R.unresolved then R.corrupt('the counter of unresolved steps') end
      elseif text and not R.cells[name] then
        R.cells[name] = R.read_cell(name, text)
      end
    end
  end
end

function R.cell_of(step, rank)
  local c = R.cells[step]
  if not c then
    c = R.new_cell(step, rank)
    R.cells[step] = c
  end
  return c
end

function R.change(c)
  if not c.is_changed then
    c.is_changed = true
    R.changed[#R.changed + 1] = c
  end
end

-- Removals are written before additions: a command may clear an entry and set it again, never the other way round.
function R.due_at(step, at)
  R.adds[#R.adds + 1] = at
  R.adds[#R.adds + 1] = R.RUN_ID .. '/' .. step
end

function R.not_due(step)
  R.removes[#R.removes + 1] = R.RUN_ID .. '/' .. step
end

function R.record(letter, tail)
  R.records[#R.records + 1] = '["' .. letter .. '",' .. R.now_text .. tail
end

-- `reason` is JSON: an error, null, or a short form that the reader makes an error of.
function R.end_run(ending, reason)
  if ending == 'budget_exceeded' then
    reason = '["budget",' .. string.format('%.0f', R.spent) .. ',' .. string.format('%.0f', R.budget) .. ']'
  end
  R.status = ending
  R.has_ended = true
  R.set('error', reason == 'null' and '' or reason)
  if redis.call('HEXISTS', R.RUN, 'timeout') == 1 then R.removes[#R.removes + 1] = R.RUN_ID end
  R.record('e', ',"' .. ending .. '",' .. reason .. ']')
end

function R.call_in_batches(command, key, values)
  local count = #values
  if count == 0 then return end
  if count <= R.BATCH then return redis.call(command, key, unpack(values)) end
  for from = 1, count, R.BATCH do redis.call(command, key, unpack(values, from, math.min(from + R.BATCH - 1, count))) end
end

function R.move_in_index()
  if R.status_before then redis.call('ZREM', R.ROOT .. 'ix:' .. R.status_before, R.RUN_ID) end
  redis.call('ZADD', R.ROOT .. 'ix:' .. R.status, R.created, R.RUN_ID)
end

function R.keep_for_a_while()
  for _, key in ipairs({R.RUN, R.STEPS, R.OUT, R.LOG, R.cap and R.queue_key()}) do
    if key then redis.call('PEXPIRE', key, R.RETENTION_MS) end
  end
  local definition = R.ROOT .. 'def:' .. redis.call('HGET', R.RUN, 'definition')
  if redis.call('HINCRBY', definition, 'live', -1) <= 0 then redis.call('PEXPIRE', definition, R.RETENTION_MS) end
  redis.call('ZADD', R.ROOT .. 'unsaved', R.now, R.RUN_ID) -- for the compactor; src/journal/trim.ts forgets what left Redis
  redis.call('PUBLISH', R.ROOT .. 'ends', R.RUN_ID .. ' ' .. R.status)
end

function R.flush()
  for _, c in ipairs(R.changed) do
    R.counters[#R.counters + 1] = c.step
    R.counters[#R.counters + 1] = R.cell_text(c)
  end
  R.call_in_batches('HSET', R.STEPS, R.counters)
  if R.status ~= R.status_before then R.set('status', R.status) end
  if R.cap then R.set('inFlight', R.in_flight) end
  R.call_in_batches('HSET', R.RUN, R.fields)
  R.call_in_batches('RPUSH', R.LOG, R.records)
  R.call_in_batches('ZREM', R.DUE, R.removes)
  R.call_in_batches('ZADD', R.DUE, R.adds)
  if R.status ~= R.status_before then R.move_in_index() end
  if R.has_ended then R.keep_for_a_while() end
  if R.watch and tonumber(R.watch) > R.now and #R.records > 0 then redis.call('PUBLISH', R.ROOT .. 'pokes', R.RUN_ID) end
end
