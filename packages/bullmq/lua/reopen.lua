#!lua flags=allow-oom
-- lua/reopen.lua: lets a paused or ended run go on. Fenced by the run's status and the number of its records.
-- KEYS and ARGV[1..3]  see lib/run.lua; KEYS[7] definition
-- ARGV[4] records seen  [5] tail of the record  [6] unresolved steps  [7] budget or ''  [8] timeout, ms or ''
-- ARGV[9] reopened: step, and rank|edges|cause|voted|flags, …  [10] ready: step, rank, …
-- Returns  {0, status or nothing} refused · {1, {step, epoch, …}, {step, epoch, cause, voted, flags, …}}
-- @include time
-- @include cell
-- @include run
-- @include ready
local reopened_count, ready_count = tonumber(ARGV[9]), tonumber(ARGV[10])
local FIRST = 11
local READY = FIRST + 2 * reopened_count

if not read_run() then return {0} end
if run.status == 'queued' or run.status == 'running' or redis.call('LLEN', LOG) ~= tonumber(ARGV[4]) then return {0, run.status} end
local names = {}
for i = FIRST, READY + 2 * ready_count - 1, 2 do names[#names + 1] = ARGV[i] end
fetch(names)

for i = FIRST, READY - 1, 2 do
  local rank, edges, cause, voted, flags = string.match(ARGV[i + 1], '^(%d+)|(%d+)|(%d*)|(%d*)|([0-3])$')
  if not rank then error({err = 'BADARG reopened step ' .. ARGV[i]}) end
  local c = cell_of(ARGV[i], rank)
  if run.cap then
    if c.status == 'l' or c.status == 'x' then change_in_flight(-1) end
    redis.call('ZREM', QUEUE, c.step)
  end
  c.status, c.nonce, c.failures, c.edges, c.cause, c.voted, c.flags = 'w', '', 0, tonumber(edges), cause, voted, flags
  change(c)
  redis.call('HDEL', OUT, ARGV[i])
end
if OVER[run.status] then
  for i = 1, 4 do redis.call('PERSIST', KEYS[i]) end
  redis.call('PERSIST', QUEUE)
  redis.call('HINCRBY', KEYS[7], 'live', 1)
  redis.call('PERSIST', KEYS[7])
end
redis.call('HDEL', RUN, 'failure', 'failureRank', 'budget')
run.status = 'running'
run.unresolved, run.budget = tonumber(ARGV[6]), tonumber(ARGV[7])
set('error', '')
set('unresolved', ARGV[6])
if ARGV[7] ~= '' then set('budget', ARGV[7]) end
touch()
record('o', ARGV[5])
if run.unresolved == 0 then -- its last step had been the one that exceeded the budget
  end_run('success', 'null')
  flush()
  return {1, {}, {}}
end
if ARGV[8] ~= '' then
  due[RUN_ID] = now + tonumber(ARGV[8])
  has_due = true
end

local expired, clean, undecided = {}, {}, {}
for i = READY, READY + 2 * ready_count - 1, 2 do
  local c = cell_of(ARGV[i], ARGV[i + 1])
  if c.status ~= 'l' then
    due_at(c.step, false) -- a back-off ends here
    c.epoch = c.epoch + 1
    change(c)
    if c.status == 'x' then
      if run.cap then expired[#expired + 1] = c else clean[#clean + 1] = c end
    elseif is_clean(c) then
      c.status = 'r'
      clean[#clean + 1] = c
      if run.cap then enqueue(c) end
    else
      c.status = 'u'
      undecided[#undecided + 1] = c
    end
  end
end
local offers = {}
for _, c in ipairs(expired) do
  due_at(c.step, now + OFFER_MS)
  offers[#offers + 1] = c.step
  offers[#offers + 1] = c.epoch
end
for _, value in ipairs(offers_of(clean, false)) do offers[#offers + 1] = value end
local reply = {1, offers, undecided_of(undecided)}
flush()
return reply
