-- Ends a run that is not over. Safe to repeat.
-- A[1] run id  [2] error as JSON
-- Returns  {1 | 0 whether this call did it, status or nothing}
if not R.read_run() then return {0} end
if R.OVER[R.status] or R.closing then return {0, R.status} end
R.end_run('cancelled', A[2])
R.flush()
return {1, R.status}
