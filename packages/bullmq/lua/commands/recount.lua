-- Counts the slots of a capped run again, from its steps. What a slot that nothing held kept waiting is offered.
-- A[1] run id
-- Returns  {0} as it was · {1, definition, priority, step, epoch, …}
local STEPS_MAX = 2000 -- looked through each time; more of them only when the run stands still

if not R.read_run() or R.OVER[R.status] or not R.cap then return {0} end
local records = redis.call('LLEN', R.LOG)
local is_long = redis.call('HLEN', R.STEPS) > STEPS_MAX
local stands_still = redis.call('HGET', R.RUN, 'checked') == tostring(records)
if redis.call('EXISTS', R.queue_key()) == 1 then redis.call('ZADD', R.ROOT .. 'checks', 'NX', R.now + R.CHECK_MS, R.RUN_ID) end
if is_long and not stands_still then
  redis.call('HSET', R.RUN, 'checked', records)
  return {0}
end
local count, flat = 0, redis.call('HGETALL', R.STEPS)
for at = 1, #flat, 2 do
  local letter = string.sub(flat[at + 1], 1, 1)
  if (letter == 'l' or letter == 'x') and not string.find(flat[at], '/', 1, true) then count = count + 1 end
end
if count == R.in_flight then return {0} end
R.in_flight = count
local label = redis.call('HMGET', R.RUN, 'definition', 'priority')
local offers = (R.is_held or R.closing) and {} or R.offers_of({}, nil)
R.flush()
return {1, label[1], label[2], unpack(offers)}
