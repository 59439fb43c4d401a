#!lua flags=allow-oom
-- lua/skip.lua: resolves an offered step that must not run, and spreads its edges. Safe to repeat.
-- KEYS and ARGV[1..3]  see lib/run.lua
-- ARGV[4] step  [5] tail of the record  [6] edges in all  [7] edges in this call
-- ARGV[8] nonce of the next claim, or ''  [9] its lease, ms  [10] candidates; then edges and candidates: see lib/ready.lua
-- Returns  as settle
-- @include time
-- @include cell
-- @include run
-- @include ready
local step, tail, total, count = ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local EDGES = 11
local next = {nonce = ARGV[8], lease_ms = tonumber(ARGV[9]), count = tonumber(ARGV[10]), first = EDGES + 2 * count}

if not read_run() then return {0} end
fetch(edge_steps(EDGES, count, {step}))
local own = cells[step]
if own and own.status == 'k' then return repeated_reply(EDGES, count, next) end
if not own or own.status ~= 'u' or OVER[run.status] then return {0} end
own.status = 'k'
change(own)
touch()
record('s', tail)
return resolved(own, false, EDGES, count, total, next)
