-- Resolves a claimed step or sends it into back-off, spreads its edges, may claim the next step. Fenced by the nonce.
-- A[1] run id  [2] step  [3] nonce  [4] s success | f failed | t timed out | r retry  [5] tail of the record
-- A[6] cost, nano-dollars  [7] output, or error as JSON  [8] rank  [9] back-off, ms
-- A[10] edges in all  [11] edges in this call  [12] nonce of the next claim, or ''  [13] its lease, ms  [14] candidates
-- then the edges, then the candidates: see lib/ready.lua
-- Returns  {0} stale, or {1, run status, o, u, then o values: step, epoch, …, u values: step, epoch, cause, voted, flags, …,
-- and if a step was claimed: step, epoch, failures, output, …}
local step, nonce, kind = A[2], A[3], A[4]
local count = tonumber(A[11])
local next = A[12] ~= '' and {nonce = A[12], lease_ms = A[13], count = tonumber(A[14]), first = 15 + 2 * count} or nil

if not R.read_run() then return {0} end
R.fetch(R.with_edge_steps({'/unresolved', step}, 15, count))
local own = R.cells[step]
if not own or own.nonce ~= nonce then return {0} end
if own.status ~= 'l' and own.status ~= 'x' then return R.repeated_reply(15, count, next) end
if R.OVER[R.status] then return {0} end

if R.cap then R.in_flight = R.in_flight - 1 end
R.change(own)
if A[6] ~= '0' then R.spent = redis.call('HINCRBY', R.RUN, 'spent', A[6]) end
if kind == 's' then
  own.status = 's'
  redis.call('HSET', R.OUT, step, A[7])
  R.record('k', A[5])
  return R.resolved(own, true, 15, count, tonumber(A[10]), next)
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
local rank = redis.call('HGET', R.RUN, 'failureRank')
if not rank or tonumber(A[8]) < tonumber(rank) then
  R.set('failureRank', A[8])
  R.set('failure', A[7])
end
return R.resolved(own, false, 15, count, tonumber(A[10]), next)
