-- Takes a run and all below it out of Redis, whole or not at all, and keeps a row of it. Safe to repeat.
-- A[1] root  [2] row, JSON  [3] when it was started, ms  [4] run, [5] number of its records, by turns; the root among them
-- Returns  {1} it is away · {0} something of it is not as it was seen
local root = A[1]
local away, tree = R.ROOT .. 'away', R.ROOT .. 'tree:' .. root
local function turn_to(id)
  R.begin(R.ROOT .. 'run:' .. id, R.ROOT .. 'steps:' .. id, R.ROOT .. 'out:' .. id, R.ROOT .. 'log:' .. id, {id})
end

if not R.record_count() then return {redis.call('HEXISTS', away, root)} end
if redis.call('EXISTS', R.ROOT .. 'back:' .. root) == 1 then return {0} end
local is_seen = {}
for at = 4, #A, 2 do
  turn_to(A[at])
  if R.record_count() ~= tonumber(A[at + 1]) then return {0} end
  is_seen[A[at]] = true
end
for _, id in ipairs(redis.call('SMEMBERS', tree)) do
  if not is_seen[id] and redis.call('EXISTS', R.ROOT .. 'run:' .. id) == 1 then return {0} end
end
for at = 4, #A, 2 do
  turn_to(A[at])
  R.remove_run()
end
redis.call('UNLINK', tree)
redis.call('HSET', away, root, A[2])
redis.call('ZADD', R.ROOT .. 'away-ix', A[3], root)
return {1}
