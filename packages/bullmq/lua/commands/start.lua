-- Records a run, once. Its cost does not grow with the plan, only with the steps that are ready at once.
-- A[1] run id  [2] hash of the definition  [3] its text, or '' if it should be there  [4] input  [5] workflow
-- A[6] tenant or ''  [7] priority  [8] tags as JSON  [9] timeout, ms or ''  [10] budget, nano-dollars or ''  [11] steps
-- A[12] cap or ''  [13] format  [14] its parent as JSON, or ''  [15] the root of its tree, or ''  [16] rank|cleanup step, or ''
-- A[17] pools as JSON [by default, step, pool, …], kept with the definition, or ''  [18] park or '': on a spent budget
-- A[19] concurrency key or ''  [20] its limit|weight  [21] roots; then step, rank, …
-- Returns  {0} exists · {1, {step, epoch, …}} · {2} the id stands for another run · {3} the definition's text is needed · {4} it is away
local hash, definition = A[2], R.ROOT .. 'def:' .. A[2]
local found = redis.call('HMGET', R.RUN, 'definition', 'input')
if found[1] then return {found[1] == hash and found[2] == A[4] and 0 or 2} end
if A[14] == '' and redis.call('HEXISTS', R.ROOT .. 'away', A[1]) == 1 then return {4} end
if redis.call('HEXISTS', definition, 'text') == 0 then
  if A[3] == '' then return {3} end
  R.write_definition(definition, A[3], A[17])
end
R.hold_on(definition)

R.status, R.created, R.cap, R.budget, R.watch, R.in_flight = 'queued', R.now, tonumber(A[12]), nil, nil, 0
R.fields = {
  'created', R.now, 'workflow', A[5], 'definition', hash, 'input', A[4], 'priority', A[7], 'tags', A[8], 'format', A[13],
}
for field, value in pairs({cap = A[12], budget = A[10], timeout = A[9], tenant = A[6], onBudget = A[18]}) do
  if value ~= '' then R.set(field, value) end
end
if A[14] ~= '' then
  R.parent, R.root = A[14], A[15]
  R.set_more('parent', R.parent)
  R.set('root', R.root)
  R.join_tree()
end
if A[16] ~= '' then
  R.cleanup = A[16]
  R.set_more('cleanup', R.cleanup)
end
R.priority, R.definition = tonumber(A[7]), hash
R.join_key(A[19], A[20], A[14], A[15])
if R.key then
  R.set_more('key', R.key)
  R.set('turn', string.format('%.0f', R.turn))
  R.set('share', R.share)
end
R.open = {work = 0, gates = 0, parks = 0}
R.put('/unresolved', A[11])
R.record('b', ']')
if A[9] ~= '' then R.adds = {R.now + A[9], R.RUN_ID} end
local offers = {}
if A[11] == '0' then
  R.adds = {}
  R.end_run('success', 'null')
  if R.closing then offers = R.offers_of_cleanup() end
else
  local clean = {}
  for at = 22, 20 + 2 * A[21], 2 do
    local c = R.cell_of(A[at], A[at + 1])
    c.status = 'r'
    R.change(c)
    clean[#clean + 1] = c
    if R.cap then R.enqueue(c) end
  end
  local parent_ending = A[14] ~= '' and R.ending_of_parent()
  if parent_ending then
    R.end_run('cancelled', '["parent","' .. parent_ending .. '"]')
    if R.closing then offers = R.offers_of_cleanup() end
  else
    R.count_open()
    offers = R.offers_of(clean, nil)
  end
end
R.flush()
return {1, offers}
