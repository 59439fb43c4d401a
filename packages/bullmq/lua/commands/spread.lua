-- One more chunk of a resolved step's edges. Each chunk counts once; the last one ends the obligation.
-- A[1] run id  [2] step  [3] edges before this chunk  [4] edges in all  [5] edges in this chunk; then the edges
-- Returns  as settle
local step, from, total, count = A[2], tonumber(A[3]), tonumber(A[4]), tonumber(A[5])

if not R.read_run() then return {0} end
R.fetch(R.with_edge_steps({'/open'}, 6, count))
local owed = tonumber(redis.call('HGET', R.STEPS, '/edges:' .. step))
if not owed or owed ~= from or R.is_over_for(step) then return R.repeated_reply(6, count, nil) end
if from + count < total then
  R.owes = true
  R.put('/edges:' .. step, from + count)
  R.due_at(step, R.now + R.OFFER_MS)
else
  redis.call('HDEL', R.STEPS, '/edges:' .. step)
  R.not_due(step)
end
local clean, undecided = {}, {}
R.spread_into(6, count, clean, undecided)
local reply = R.settled_reply(clean, undecided, nil)
R.flush()
return reply
