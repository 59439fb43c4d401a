#!lua flags=allow-oom
-- lua/oblige.lua: one overdue entry, renewed or fulfilled. Two sweepers at once: the second finds it no longer overdue.
-- KEYS and ARGV[1..3]  see lib/run.lua; KEYS[7] stem of the step's jobs: the epoch makes it a job's key
-- ARGV[4] step, or '' for the run's deadline  [5] how often a bell that still waits in the queue is waited for
-- ARGV[6] at most this long a time, ms
-- Returns  {} nothing to do · {'offer', bell | lease | retry, definition, priority, epoch} · {'edges', definition, priority}
--          {'undecided', definition, priority, epoch, cause, voted, flags} · {'ended', status}
-- @include time
-- @include cell
-- @include run
-- @include ready
local step = ARGV[4]
local member = step == '' and RUN_ID or RUN_ID .. '/' .. step
local score = tonumber(redis.call('ZSCORE', DUE, member))
if not score or score > now then return {} end
if not read_run() then
  redis.call('ZREM', DUE, member)
  return {}
end
if step == '' then
  due[RUN_ID] = false
  has_due = true
  local is_late = not OVER[run.status] and run.status ~= 'paused'
  if is_late then end_run('timeout', '["timeout",' .. (redis.call('HGET', RUN, 'timeout') or 'null') .. ']') end
  flush()
  return is_late and {'ended', run.status} or {}
end

local label = redis.call('HMGET', RUN, 'definition', 'priority')
fetch({step})
local c = cells[step]
due_at(step, false)
if c and RESOLVED[c.status] and not OVER[run.status] and redis.call('HEXISTS', RUN, 'edges:' .. step) == 1 then
  due_at(step, now + OFFER_MS)
  flush()
  return {'edges', label[1], label[2]}
end
if not c or OVER[run.status] or RESOLVED[c.status] or c.status == 'w' then
  flush()
  return {}
end
local cause = (c.status == 'l' or c.status == 'x') and 'lease' or c.status == 'b' and 'retry' or 'bell'
if c.status == 'l' then c.status = 'x' end
if c.status == 'b' then c.status = 'r' end
if cause ~= 'bell' then change(c) end
if run.status == 'paused' then
  flush()
  return {}
end
-- The sixteenths of a due time count how often its bell was found waiting: a queue may be long, but a bell that was
-- wrecked or forgotten must not hold a step for ever.
if cause == 'bell' and c.status == 'r' then
  local waits = math.floor((score - math.floor(score)) * 16 + 0.5)
  if waits < tonumber(ARGV[5]) then
    local job = redis.call('HMGET', KEYS[7] .. c.epoch, 'timestamp', 'finishedOn')
    if job[1] and not job[2] then
      due_at(step, now + math.min(OFFER_MS * 2 ^ (waits + 1), tonumber(ARGV[6])) + (waits + 1) / 16)
      flush()
      return {}
    end
  end
end
c.epoch = c.epoch + 1
change(c)
if c.status == 'u' then
  due_at(step, now + OFFER_MS)
  flush()
  return {'undecided', label[1], label[2], c.epoch, c.cause, c.voted, c.flags}
end
if c.status == 'r' and run.cap and run.in_flight >= run.cap then
  enqueue(c)
  flush()
  return {}
end
due_at(step, now + OFFER_MS)
flush()
return {'offer', cause, label[1], label[2], c.epoch}
