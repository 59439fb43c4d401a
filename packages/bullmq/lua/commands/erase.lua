-- Removes a run with everything that belongs to it, and no other run. Safe to repeat.
-- A[1] run id  [2] number of its records
-- Returns  {1} it is not there (any more) · {0, its number of records} it has others than that
local count = R.record_count()
if not count then return {1} end
if count ~= tonumber(A[2]) then return {0, count} end
local root = redis.call('HGET', R.RUN, 'root')
R.remove_run()
if root and root ~= R.RUN_ID then redis.call('SREM', R.ROOT .. 'tree:' .. root, R.RUN_ID) end
R.leave_tree()
return {1}
