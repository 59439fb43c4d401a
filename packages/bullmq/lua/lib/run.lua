-- The run that a script works on. Everything is read first, changed in memory, and written by flush() at the end, so
-- that a script which meets nonsense has written nothing.
-- KEYS[1] run  KEYS[2] steps  KEYS[3] out  KEYS[4] log  KEYS[5] due  KEYS[6] root of the shard, from which the few keys
-- are made that only some runs need: root + queue:ID, ix:STATUS, def:HASH, unsaved; channels root + ends, pokes.
-- ARGV[1] run id  ARGV[2] ms after which a bell is rung again  ARGV[3] ms for which an ended run stays
local RUN, STEPS, OUT, LOG, DUE, ROOT = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local RUN_ID, OFFER_MS, RETENTION_MS = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local QUEUE = ROOT .. 'queue:' .. RUN_ID
local OVER = {success = true, failed = true, timeout = true, budget_exceeded = true, cancelled = true}
local BATCH = 1000 -- unpack() ends at some 8,000 values

local now = clock()
local run = {}
local cells = {}
local changed, fields, records, due = {}, {}, {}, {}
local has_due, status_before, has_ended = false, nil, false

local function read_run()
  local f = redis.call('HMGET', RUN, 'status', 'unresolved', 'cap', 'budget', 'watch')
  if not f[1] then return false end
  run.status, run.unresolved, run.cap, run.budget, run.watch = f[1], tonumber(f[2]), tonumber(f[3]), tonumber(f[4]), tonumber(f[5])
  status_before = run.status
  if not run.unresolved then corrupt('the counter of unresolved steps') end
  if run.cap then run.in_flight = tonumber(redis.call('HGET', RUN, 'inFlight')) or 0 end
  if run.budget then run.spent = tonumber(redis.call('HGET', RUN, 'spent')) or 0 end
  return true
end

local function set(field, value)
  fields[#fields + 1] = field
  fields[#fields + 1] = value
end

local function touch()
  run.updated = now
end

local function fetch(names)
  for from = 1, #names, BATCH do
    local to = math.min(from + BATCH - 1, #names)
    local texts = redis.call('HMGET', STEPS, unpack(names, from, to))
    for i = from, to do
      local text = texts[i - from + 1]
      if text and not cells[names[i]] then cells[names[i]] = read_cell(names[i], text) end
    end
  end
end

local function cell_of(step, rank)
  local c = cells[step]
  if not c then
    c = new_cell(step, rank)
    cells[step] = c
  end
  return c
end

local function change(c)
  if not c.is_changed then
    c.is_changed = true
    changed[#changed + 1] = c
  end
end

local function due_at(step, at)
  due[RUN_ID .. '/' .. step] = at
  has_due = true
end

local function record(head, tail)
  records[#records + 1] = '["' .. head .. '",' .. string.format('%.0f', now) .. tail
end

local function change_in_flight(by)
  if run.cap then run.in_flight = run.in_flight + by end
end

-- `reason` is JSON: an error, null, or a short form that the reader makes an error of.
local function end_run(status, reason)
  if status == 'budget_exceeded' then
    reason = '["budget",' .. string.format('%.0f', run.spent) .. ',' .. string.format('%.0f', run.budget) .. ']'
  end
  run.status = status
  has_ended = true
  touch()
  set('error', reason == 'null' and '' or reason)
  due[RUN_ID] = false
  has_due = true
  record('e', ',"' .. status .. '",' .. reason .. ']')
end

local function call_in_batches(command, key, values)
  for from = 1, #values, BATCH do
    redis.call(command, key, unpack(values, from, math.min(from + BATCH - 1, #values)))
  end
end

local function write_due()
  local adds, removes = {}, {}
  for member, at in pairs(due) do
    if at then
      adds[#adds + 1] = string.format('%.4f', at)
      adds[#adds + 1] = member
    else
      removes[#removes + 1] = member
    end
  end
  if #adds > 0 then call_in_batches('ZADD', DUE, adds) end
  if #removes > 0 then call_in_batches('ZREM', DUE, removes) end
end

local function keep_for_a_while()
  local hash = redis.call('HGET', RUN, 'definition')
  if run.cap then redis.call('PEXPIRE', QUEUE, RETENTION_MS) end
  for i = 1, 4 do redis.call('PEXPIRE', KEYS[i], RETENTION_MS) end
  local definition = ROOT .. 'def:' .. hash
  if redis.call('HINCRBY', definition, 'live', -1) <= 0 then redis.call('PEXPIRE', definition, RETENTION_MS) end
  -- For the compactor. Where none is, what is listed here leaves with the runs themselves.
  redis.call('ZADD', ROOT .. 'unsaved', string.format('%.0f', now), RUN_ID)
  redis.call('ZREMRANGEBYSCORE', ROOT .. 'unsaved', '-inf', string.format('%.0f', now - RETENTION_MS))
  redis.call('PEXPIRE', ROOT .. 'unsaved', RETENTION_MS)
  redis.call('PUBLISH', ROOT .. 'ends', RUN_ID .. ' ' .. run.status)
end

local function move_in_index()
  local created = redis.call('HGET', RUN, 'created')
  if status_before then redis.call('ZREM', ROOT .. 'ix:' .. status_before, RUN_ID) end
  redis.call('ZADD', ROOT .. 'ix:' .. run.status, created, RUN_ID)
end

local function flush()
  if #changed > 0 then
    local texts = {}
    for _, c in ipairs(changed) do
      texts[#texts + 1] = c.step
      texts[#texts + 1] = cell_text(c)
    end
    call_in_batches('HSET', STEPS, texts)
  end
  if run.updated then set('updated', string.format('%.0f', run.updated)) end
  if run.status ~= status_before then set('status', run.status) end
  if run.cap then set('inFlight', run.in_flight) end
  if #fields > 0 then redis.call('HSET', RUN, unpack(fields)) end
  if #records > 0 then redis.call('RPUSH', LOG, unpack(records)) end
  if has_due then write_due() end
  if run.status ~= status_before then move_in_index() end
  if has_ended then keep_for_a_while() end
  if run.watch and run.watch > now and #records > 0 then redis.call('PUBLISH', ROOT .. 'pokes', RUN_ID) end
end
