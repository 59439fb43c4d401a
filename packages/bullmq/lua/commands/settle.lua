-- Resolves a claimed step, sends it into back-off or lets it wait; spreads its edges, may claim the next step. Fenced by
-- the nonce.
-- A[1] run id  [2] step  [3] nonce  [4] s success | f failed | t timed out | k skipped | r retry, or what it waits for: g a i p c
-- A[5] tail of the record  [6] cost, nano-dollars  [7] output, error as JSON, signal's name, or child run  [8] rank
-- A[9] back-off, ms, or when a wait is looked at again, or ''  [10] output of a failed step, or ''
-- A[11] edges in all  [12] edges in this call  [13] nonce of the next claim, or ''  [14] its lease, ms  [15] candidates
-- then the edges, then the candidates: see lib/ready.lua
-- Returns  {0} stale, or {1, run status, o, u, then o values: step, epoch, …, u values: step, epoch, cause, voted, flags, …,
-- and if a step was claimed: step, epoch, failures, output, …}
local step, nonce, kind = A[2], A[3], A[4]
local count = tonumber(A[12])
local next = A[13] ~= '' and {nonce = A[13], lease_ms = A[14], count = tonumber(A[15]), first = 16 + 2 * count} or nil

if not R.read_run() then return {0} end
R.fetch(R.with_edge_steps({'/unresolved', '/open', step}, 16, count))
local own = R.cells[step]
if not own or own.nonce ~= nonce then return {0} end
if own.status ~= 'l' and own.status ~= 'x' then
  return R.repeated_reply(16, count, next, string.find('gaipc', kind, 1, true) and own)
end
if R.is_over_for(step) then return {0} end

R.free_slot(own)
R.change(own)
if A[6] ~= '0' then R.spent = redis.call('HINCRBY', R.RUN, 'spent', A[6]) end
if kind == 's' then
  own.status = 's'
  redis.call('HSET', R.OUT, step, A[7])
  -- The cleanup step may commit once a visit; OUT knows the last one only.
  R.record('k', R.closing and string.sub(A[5], 1, -2) .. ',' .. cjson.encode(A[7]) .. ']' or A[5])
  return R.resolved(own, true, 16, count, tonumber(A[11]), next)
end
if kind == 'k' then
  own.status = 'k'
  R.record('s', A[5])
  return R.resolved(own, false, 16, count, tonumber(A[11]), next)
end
if kind ~= 'f' and kind ~= 't' and kind ~= 'r' then
  local woken = R.wait(own, kind, A[5], A[7], A[9]) and {own} or {}
  local reply = R.settled_reply(woken, {}, nil)
  R.flush()
  return reply
end

own.failures = own.failures + 1
if kind == 'r' then
  local retry_at = R.now + A[9]
  own.status = 'b'
  R.due_at(step, retry_at)
  R.record('f', ',' .. string.format('%.0f', retry_at) .. A[5])
  local reply = R.settled_reply({}, {}, nil)
  R.flush()
  return reply
end
own.status = kind
R.record('f', ',null' .. A[5])
if A[10] ~= '' then redis.call('HSET', R.OUT, step, '!' .. A[10]) end
local rank = redis.call('HGET', R.RUN, 'failureRank')
if not rank or tonumber(A[8]) < tonumber(rank) then
  R.set('failureRank', A[8])
  R.set('failure', A[7])
end
return R.resolved(own, false, 16, count, tonumber(A[11]), next, A[7])
