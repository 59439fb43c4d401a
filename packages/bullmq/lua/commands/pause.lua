-- Holds a run; what is in flight may still commit. Safe to repeat.
-- A[1] run id  [2] tail of the record
-- Returns  {1 | 0 whether this call did it, status or nothing}
if not R.read_run() then return {0} end
if R.OVER[R.status] or R.status == 'paused' then return {0, R.status} end
R.status = 'paused'
R.record('p', A[2])
redis.call('ZADD', R.ROOT .. 'unsaved', R.now, R.RUN_ID) -- for the compactor
R.flush()
return {1, R.status}
