#!lua
-- lua/start.lua: records a run, once. Not allow-oom: a full Redis refuses new work. Its cost does not grow with the
-- plan, only with the steps that are ready at once.
-- KEYS and ARGV[1..3]  see lib/run.lua; KEYS[7] definition
-- ARGV[4] hash of the definition  [5] its text, or '' if it should be there  [6] input  [7] workflow  [8] tenant or ''
-- ARGV[9] priority  [10] tags as JSON  [11] timeout, ms or ''  [12] budget, nano-dollars or ''  [13] steps
-- ARGV[14] cap or ''  [15] format  [16] roots; then step, rank, …
-- Returns  {0} exists · {1, {step, epoch, …}} · {2} the id stands for another run · {3} the definition's text is needed
-- @include time
-- @include cell
-- @include run
-- @include ready
local hash, text, input = ARGV[4], ARGV[5], ARGV[6]
local roots = tonumber(ARGV[16])

local found = redis.call('HMGET', RUN, 'definition', 'input')
if found[1] then
  if found[1] == hash and found[2] == input then return {0} end
  return {2}
end
if redis.call('HEXISTS', KEYS[7], 'text') == 0 then
  if text == '' then return {3} end
  redis.call('HSET', KEYS[7], 'text', text)
end
redis.call('HINCRBY', KEYS[7], 'live', 1)
redis.call('PERSIST', KEYS[7])

run.status, run.unresolved, run.cap, run.in_flight = 'queued', tonumber(ARGV[13]), tonumber(ARGV[14]), 0
set('status', 'queued')
set('unresolved', ARGV[13])
set('created', string.format('%.0f', now))
for _, pair in ipairs({{'cap', 14}, {'budget', 12}, {'timeout', 11}, {'tenant', 8}}) do
  if ARGV[pair[2]] ~= '' then set(pair[1], ARGV[pair[2]]) end
end
for _, pair in ipairs({{'definition', 4}, {'workflow', 7}, {'priority', 9}, {'tags', 10}, {'format', 15}, {'input', 6}}) do
  set(pair[1], ARGV[pair[2]])
end
touch()
record('b', ']')
if ARGV[11] ~= '' then
  due[RUN_ID] = now + tonumber(ARGV[11])
  has_due = true
end
local clean = {}
if run.unresolved == 0 then
  end_run('success', 'null')
else
  for i = 0, roots - 1 do
    local c = cell_of(ARGV[17 + 2 * i], ARGV[18 + 2 * i])
    c.status = 'r'
    change(c)
    clean[i + 1] = c
    if run.cap then enqueue(c) end
  end
end
local offers = has_ended and {} or offers_of(clean, false)
flush()
return {1, offers}
