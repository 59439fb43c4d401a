#!lua flags=allow-oom
-- lua/settle.lua: resolves a claimed step or sends it into back-off, spreads its edges, may claim the next step.
-- Fenced by the nonce. Safe to repeat. allow-oom: a full Redis must still record results.
-- KEYS and ARGV[1..3]  see lib/run.lua
-- ARGV[4] step  [5] nonce  [6] s success | f failed | t timed out | r retry  [7] tail of the record
-- ARGV[8] cost, nano-dollars  [9] output, or error as JSON  [10] rank  [11] back-off, ms
-- ARGV[12] edges in all  [13] edges in this call  [14] nonce of the next claim, or ''  [15] its lease, ms  [16] candidates
-- then the edges, then the candidates: see lib/ready.lua
-- Returns  {0} stale, or {1, run status, {step, epoch, …}, {step, epoch, cause, voted, flags, …}, {step, epoch, failures, output…}?}
-- @include time
-- @include cell
-- @include run
-- @include ready
local step, nonce, kind, tail, cost = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local total, count = tonumber(ARGV[12]), tonumber(ARGV[13])
local EDGES = 17
local next = {nonce = ARGV[14], lease_ms = tonumber(ARGV[15]), count = tonumber(ARGV[16]), first = EDGES + 2 * count}

if not read_run() then return {0} end
fetch(edge_steps(EDGES, count, {step}))
local own = cells[step]
if not own or own.nonce ~= nonce then return {0} end
if own.status ~= 'l' and own.status ~= 'x' then return repeated_reply(EDGES, count, next) end
if OVER[run.status] then return {0} end

change_in_flight(-1)
touch()
change(own)
if cost ~= '0' then
  local spent = redis.call('HINCRBY', RUN, 'spent', cost)
  if run.budget then run.spent = spent end
end
if kind == 'r' then
  local retry_at = now + tonumber(ARGV[11])
  own.status = 'b'
  own.failures = own.failures + 1
  due_at(step, retry_at)
  record('f', ',' .. string.format('%.0f', retry_at) .. tail)
  local reply = settled_reply({}, {}, {nonce = ''})
  flush()
  return reply
end
own.status = kind
if kind == 's' then
  redis.call('HSET', OUT, step, ARGV[9])
  record('k', tail)
else
  own.failures = own.failures + 1
  record('f', ',null' .. tail)
  local rank = redis.call('HGET', RUN, 'failureRank')
  if not rank or rank == '' or tonumber(ARGV[10]) < tonumber(rank) then
    set('failureRank', ARGV[10])
    set('failure', ARGV[9])
    run.failure = ARGV[9]
  end
end
return resolved(own, kind == 's', EDGES, count, total, next)
