-- The run that a command works on. Everything is read first, changed in memory, and written by flush() at the end, so
-- that a command which meets nonsense has written nothing.
--
-- Keys of a run: RUN hash (header, and what changes rarely), STEPS hash (see below), OUT hash (step → JSON text, after a `!`
-- where the step failed), LOG list of records. Of the shard: DUE, and what is made from ROOT: queue:ID, ix:STATUS (cx:STATUS
-- for child runs), tree:ID (all runs below a root), def:HASH, unsaved; channels ends, pokes, stops.
-- STEPS: step → see lib/cell.lua, and with a slash, which no step id holds:
--   /unresolved counts · /open counts what is open by class, see lib/open.lua · /plain 1 where lua/plain.lua may work
--   /edges:STEP how far its edges have been spread · /wait:STEP until|signal or child run · /woke:STEP what ended its last wait
--   /deaths:STEP of workers that held it · /noted:STEP it has notes · /note:STEP/EPOCH/HASH its claim has this one
--   /sig:NAME a kept signal's payload · /want:NAME steps that have waited for it, /kids steps that have waited for a child
--   run, parted by slashes
R.OVER = {success = true, failed = true, timeout = true, budget_exceeded = true, cancelled = true}
R.BATCH = 1000 -- unpack() ends at some 8,000 values
R.now = clock()
R.now_text = string.format('%.0f', R.now)

-- Everything that belongs to one command is set anew here.
function R.begin(run, steps, out, log, arguments)
  R.RUN, R.STEPS, R.OUT, R.LOG, R.A = run, steps, out, log, arguments
  R.RUN_ID = R.A[1]
  R.unresolved, R.in_flight, R.spent, R.status_before, R.has_ended = nil, nil, nil, nil, false
  R.is_held, R.cleanup, R.closing, R.parent, R.root, R.has_kids, R.has_more = false, nil, nil, nil, nil, nil, false
  R.open, R.open_before, R.owes, R.rests, R.kids, R.ending = nil, nil, nil, nil, nil, nil
  R.has_queued = false
  R.key, R.turn, R.share, R.priority, R.definition, R.pools = nil, nil, nil, nil, nil, {}
  R.cells, R.changed, R.fields, R.counters, R.records, R.adds, R.removes = {}, {}, {}, {}, {}, {}, {}
end

-- False when there is no such run.
function R.read_run()
  local f = redis.call('HMGET', R.RUN, 'status', 'created', 'cap', 'budget', 'watch', 'more')
  R.status = f[1]
  if not R.status then return false end
  R.status_before, R.created, R.cap, R.budget, R.watch = R.status, f[2], tonumber(f[3]), tonumber(f[4]), f[5]
  if R.cap then R.in_flight = tonumber(redis.call('HGET', R.RUN, 'inFlight')) or 0 end
  if R.budget then R.spent = tonumber(redis.call('HGET', R.RUN, 'spent')) or 0 end
  if f[6] then
    R.has_more = true
    local more = redis.call('HMGET', R.RUN, 'held', 'cleanup', 'closing', 'parent', 'root', 'kids', 'key')
    R.is_held, R.cleanup, R.parent, R.root, R.has_kids = more[1] == '1' or more[1] == 'b', more[2], more[4], more[5], more[6]
    R.closing = more[3] ~= '' and more[3]
    if more[7] then
      local own = redis.call('HMGET', R.RUN, 'turn', 'share', 'priority', 'definition')
      R.key, R.turn, R.share, R.priority, R.definition = more[7], tonumber(own[1]), own[2], tonumber(own[3]), own[4]
    end
    if R.closing and not R.OVER[R.status] then R.cap, R.budget = nil, nil end -- the cleanup step is bound by neither
  end
  return true
end

-- For what only few runs have: without `more` those fields are not read.
function R.set_more(field, value)
  R.has_more = true
  R.set('more', '1')
  R.set(field, value)
end

function R.queue_key()
  return R.ROOT .. 'queue:' .. R.RUN_ID
end

-- Which workers execute the step: see lua/commands/start.lua.
function R.pool_of(step, definition)
  local found = redis.call('HMGET', R.ROOT .. 'def:' .. definition, 'pool:' .. step, 'pool')
  return found[1] or found[2] or 'default'
end

function R.put(field, value)
  R.counters[#R.counters + 1] = field
  R.counters[#R.counters + 1] = value
end

function R.set(field, value)
  R.fields[#R.fields + 1] = field
  R.fields[#R.fields + 1] = value
end

-- Reads steps; there may be `/unresolved` and `/open` among the names.
function R.fetch(names)
  local count = #names
  for from = 1, count, R.BATCH do
    local texts = redis.call('HMGET', R.STEPS, unpack(names, from, math.min(from + R.BATCH - 1, count)))
    for i, text in ipairs(texts) do
      local name = names[from + i - 1]
      if name == '/unresolved' then
        R.unresolved = tonumber(text)
        if not R.unresolved then R.corrupt('the counter of unresolved steps') end
      elseif name == '/open' then
        R.read_open(text)
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

function R.call_in_batches(command, key, values)
  local count = #values
  if count == 0 then return end
  if count <= R.BATCH then return redis.call(command, key, unpack(values)) end
  for from = 1, count, R.BATCH do redis.call(command, key, unpack(values, from, math.min(from + R.BATCH - 1, count))) end
end

function R.flush()
  for _, c in ipairs(R.changed) do R.put(c.step, R.cell_text(c)) end
  local open = R.open and R.open_text()
  if open ~= R.open_before then R.put('/open', open) end
  if R.status ~= R.status_before then
    R.set('status', R.status)
    R.put('/plain', (R.status == 'running' and not R.cap and not R.budget and not R.watch and not R.has_more) and 1 or 0)
  end
  R.call_in_batches('HSET', R.STEPS, R.counters)
  if R.cap then R.set('inFlight', R.in_flight) end
  if R.has_queued then redis.call('ZADD', R.ROOT .. 'checks', 'NX', R.now + R.CHECK_MS, R.RUN_ID) end
  R.call_in_batches('HSET', R.RUN, R.fields)
  R.call_in_batches('RPUSH', R.LOG, R.records)
  R.call_in_batches('ZREM', R.DUE, R.removes)
  R.call_in_batches('ZADD', R.DUE, R.adds)
  if R.status ~= R.status_before then
    R.move_in_index()
    if R.status == 'paused' or R.status == 'parked' then redis.call('PUBLISH', R.ROOT .. 'ends', R.RUN_ID .. ' ' .. R.status) end
  end
  if R.rests then redis.call('ZADD', R.ROOT .. 'unsaved', R.now, R.RUN_ID) end -- for the compactor
  if R.has_ended then R.keep_for_a_while() end
  for _, child in ipairs(R.kids or {}) do R.doomed[#R.doomed + 1] = {child, R.RUN_ID, R.ending} end
  if R.watch and tonumber(R.watch) > R.now and #R.records > 0 then redis.call('PUBLISH', R.ROOT .. 'pokes', R.RUN_ID) end
end
