-- Writes down what happened inside a claimed step. Safe to repeat: the same note by the same claim counts once.
-- A[1] run id  [2] step  [3] nonce  [4] epoch of the claim  [5] hash of the note  [6] tail of the record  [7] cost, nano-dollars
-- Returns  {0} stale · {1}
local step = A[2]
local field = '/note:' .. step .. '/' .. A[4] .. '/' .. A[5]

if not R.read_run() then return {0} end
R.fetch({step})
local c = R.cells[step]
if not c or c.nonce ~= A[3] or (c.status ~= 'l' and c.status ~= 'x') or R.is_over_for(step) then return {0} end
if redis.call('HEXISTS', R.STEPS, field) == 1 then return {1} end
R.put(field, '1')
R.put('/noted:' .. step, '1')
R.record('n', A[6])
if A[7] ~= '0' then redis.call('HINCRBY', R.RUN, 'spent', A[7]) end
R.flush()
return {1}
