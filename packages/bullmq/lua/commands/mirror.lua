-- Shows how the child run of a waiting step stands. Safe to repeat.
-- A[1] run id  [2] step  [3] status of the child, running for queued  [4] tail of the record
-- Returns  {1 | 0 whether this call changed anything, status or nothing}
local step = A[2]
if not R.read_run() then return {0} end
if R.is_over_for(step) or R.OVER[A[3]] then return {0, R.status} end
R.fetch({'/open', step})
local c = R.cells[step]
local letter = R.letter_for_child(A[3])
if not c or not R.waits_for_child(c) or c.status == letter then return {0, R.status} end
c.status = letter
R.change(c)
R.record('m', A[4])
R.take_stock()
R.flush()
return {1, R.status}
