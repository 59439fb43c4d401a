-- Resolves a claimed step or sends it into back-off, spreads its edges, may claim the next step. Fenced by the nonce.
-- A[1] run id  [2] step  [3] nonce  [4] s success | f failed | t timed out | r retry  [5] tail of the record
-- A[6] cost, nano-dollars  [7] output, or error as JSON  [8] rank  [9] back-off, ms
-- A[10] edges in all  [11] edges in this call  [12] nonce of the next claim, or ''  [13] its lease, ms  [14] candidates
-- then the edges, then the candidates: see lib/ready.lua
-- Returns  {0} stale, or {1, run status, o, u, then o values: step, epoch, …, u values: step, epoch, cause, voted, flags, …,
-- and if a step was claimed: step, epoch, failures, output, …}
local step, nonce, kind = A[2], A[3], A[4]

-- Nearly every step of a chain: a success that costs nothing, in a run without cap, budget and watcher, whose one edge makes
-- a step ready that nothing has touched, and with which the walk goes on. The same as below, at half the price.
if kind == 's' and A[6] == '0' and A[10] == '1' and A[11] == '1' and A[14] == '1' and A[17] == A[15] then
  local f = redis.call('HMGET', R.RUN, 'status', 'cap', 'budget', 'watch')
  local s = redis.call('HMGET', R.STEPS, step, A[15], '/unresolved')
  local rank, flags = string.match(A[16], '^(%d+)|1|||([0-3])$')
  local is_held = s[1] and string.sub(s[1], 1, #nonce + 2) == 'l' .. nonce .. '|'
  if f[1] == 'running' and not f[2] and not f[3] and not f[4] and is_held and not s[2] and s[3] and rank then
    redis.call('HSET', R.STEPS, step, 's' .. string.sub(s[1], 2), A[15], 'l' .. A[12] .. '|1|0|' .. rank .. '|1|||' .. flags,
      '/unresolved', s[3] - 1)
    redis.call('HSET', R.OUT, step, A[7])
    redis.call('RPUSH', R.LOG, '["k",' .. R.now_text .. A[5], '["c",' .. R.now_text .. ',1' .. A[18])
    redis.call('ZREM', R.DUE, A[1] .. '/' .. step)
    redis.call('ZADD', R.DUE, R.now + A[13], A[1] .. '/' .. A[15])
    return R.claimed_step({epoch = '1', failures = '0'}, 20, tonumber(A[19]), {1, 'running', 0, 0, A[15]})
  end
end

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
