-- Keeps a signal's first payload and wakes the steps that wait for it. Safe to repeat.
-- A[1] run id  [2] name  [3] payload, a JSON string  [4] tail of the record
-- Returns  {0, reason} · {1, 1 if new, definition, priority, step, epoch, …}
local field = '/sig:' .. A[2]

if not R.read_run() then return {0, 'unknown-run'} end
if R.OVER[R.status] or R.closing then return {0, 'run-over'} end
local label = redis.call('HMGET', R.RUN, 'definition', 'priority')
local kept = redis.call('HGET', R.STEPS, field)
if kept and kept ~= A[3] then return {0, 'signalled-otherwise'} end
if kept then return {1, 0, label[1], label[2]} end

R.put(field, A[3])
R.record('g', A[4])
local names = R.names_in('/want:' .. A[2])
names[#names + 1] = '/open'
R.fetch(names)
local woken = {}
for _, name in ipairs(names) do
  local c = R.cells[name]
  if c and c.status == 'i' and R.waits_for(name) == A[2] then woken[#woken + 1] = c end
end
table.sort(woken, function(a, b) return tonumber(a.rank) < tonumber(b.rank) end)
for _, c in ipairs(woken) do R.wake(c, '["s",' .. A[3] .. ']') end
R.take_stock()
local reply = {1, 1, label[1], label[2]}
for _, value in ipairs(R.offer_woken(woken)) do reply[#reply + 1] = value end
R.flush()
return reply
