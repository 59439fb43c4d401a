#!lua flags=allow-oom
-- lua/spread.lua: one more chunk of a resolved step's edges. Each chunk counts once; the last one ends the obligation.
-- KEYS and ARGV[1..3]  see lib/run.lua
-- ARGV[4] step  [5] edges before this chunk  [6] edges in all  [7] edges in this chunk; then the edges
-- Returns  as settle
-- @include time
-- @include cell
-- @include run
-- @include ready
local step, from, total, count = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local EDGES = 8

if not read_run() then return {0} end
fetch(edge_steps(EDGES, count, {}))
local owed = tonumber(redis.call('HGET', RUN, 'edges:' .. step))
if not owed or owed ~= from or OVER[run.status] then return repeated_reply(EDGES, count, {nonce = ''}) end
if from + count < total then
  set('edges:' .. step, from + count)
  due_at(step, now + OFFER_MS)
else
  redis.call('HDEL', RUN, 'edges:' .. step)
  due_at(step, false)
end
local clean, undecided = {}, {}
spread_into(EDGES, count, clean, undecided)
local reply = settled_reply(clean, undecided, {nonce = ''})
flush()
return reply
