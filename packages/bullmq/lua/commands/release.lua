-- Gives a claim back without burning an attempt. Safe to repeat: the second time it is no claim any more.
-- A[1] run id  [2] step  [3] nonce  [4] tail of the record
-- Returns  {1, {step, epoch, …}}
local step = A[2]
if not R.read_run() then return {1, {}} end
R.fetch({step})
local c = R.cells[step]
if not c or c.nonce ~= A[3] or (c.status ~= 'l' and c.status ~= 'x') or R.is_over_for(step) then return {1, {}} end
R.free_slot(c)
c.status = 'r'
c.nonce = ''
c.epoch = c.epoch + 1
R.change(c)
R.record('r', A[4])
R.not_due(step)
local offers = {}
if not R.is_held then
  if R.cap then R.enqueue(c) end
  offers = R.offers_of({c}, nil)
end
R.flush()
return {1, offers}
