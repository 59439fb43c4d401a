-- Removes a run with everything that belongs to it, and no other run, and tells the workers. Safe to repeat.
-- A[1] run id  [2] number of its records
-- Returns  {1} it is not there (any more) · {0, its number of records} it has others than that
local count = R.record_count()
if count and count ~= tonumber(A[2]) then return {0, count} end
redis.call('PUBLISH', R.ROOT .. 'stops', R.RUN_ID .. ' removed') -- also one that is away: spools may know of it
if not count then return {1} end
local root = redis.call('HGET', R.RUN, 'root')
R.remove_run()
if root and root ~= R.RUN_ID then redis.call('SREM', R.ROOT .. 'tree:' .. root, R.RUN_ID) end
R.leave_tree()
return {1}
