-- Gives a waiting step what it waits for. Safe to repeat.
-- A[1] run id  [2] step  [3] d decided | c child ended | u unparked  [4] the wake as JSON  [5] as much of it as tells it from another
-- A[6] the child run, or ''
-- Returns  {0, reason} · {1, definition, priority, step, epoch, …}
local step = A[2]

local function reply(offers)
  local label = redis.call('HMGET', R.RUN, 'definition', 'priority')
  return {1, label[1], label[2], unpack(offers)}
end

if not R.read_run() then return {0, 'unknown-run'} end
if R.is_over_for(step) then return {0, 'run-over'} end
R.fetch({'/open', step})
local c = R.cells[step]
if not c then return {0, 'not-waiting'} end
if not R.waits(c) then
  local woke = R.woke(c)
  if string.sub(woke, 1, #A[5]) == A[5] then
    local is_offered = R.is_offered(c) and not R.is_held
    return reply(is_offered and {step, tonumber(c.epoch)} or {})
  end
  return {0, A[3] == 'd' and string.sub(woke, 1, 4) == '["d"' and 'decided' or 'not-waiting'}
end
local fits = A[3] == 'u' and c.status == 'p' or A[3] == 'd' and (c.status == 'g' or c.status == 'p')
  or A[3] == 'c' and R.waits_for_child(c) and R.waits_for(step) == A[6]
if not fits then return {0, 'not-waiting'} end
R.wake(c, A[4])
R.take_stock()
local answer = reply(R.offer_woken({c}))
R.flush()
return answer
