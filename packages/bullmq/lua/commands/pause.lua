-- Holds a run; what is in flight may still commit. Safe to repeat.
-- A[1] run id  [2] tail of the record
-- Returns  {1 | 0 whether this call did it, status or nothing}
if not R.read_run() then return {0} end
if R.OVER[R.status] or R.is_held then return {0, R.status} end
R.set_more('held', '1')
R.status = 'paused'
R.rests = true
R.record('p', A[2])
R.flush()
return {1, R.status}
