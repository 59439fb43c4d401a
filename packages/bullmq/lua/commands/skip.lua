-- Resolves an offered step that must not run, and spreads its edges. Safe to repeat.
-- A[1] run id  [2] step  [3] tail of the record  [4] edges in all  [5] edges in this call
-- A[6] nonce of the next claim, or ''  [7] its lease, ms  [8] candidates; then edges and candidates: see lib/ready.lua
-- Returns  as settle
local step, count = A[2], tonumber(A[5])
local next = A[6] ~= '' and {nonce = A[6], lease_ms = A[7], count = tonumber(A[8]), first = 9 + 2 * count} or nil

if not R.read_run() then return {0} end
R.fetch(R.with_edge_steps({'/unresolved', '/open', step}, 9, count))
local own = R.cells[step]
if own and own.status == 'k' then return R.repeated_reply(9, count, next) end
if not own or own.status ~= 'u' or R.is_over_for(step) then return {0} end
own.status = 'k'
R.change(own)
R.record('s', A[3])
return R.resolved(own, false, 9, count, tonumber(A[4]), next)
