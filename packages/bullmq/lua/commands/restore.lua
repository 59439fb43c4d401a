-- Puts a whole run in place, which lies ready under temporary keys. Fenced by the number of records that are there.
-- A[1] run id  [2] records there now, '' for no run  [3] hash of the definition  [4] its text
-- A[5], [6], [7] temporary keys of steps, outputs and records  [8], [9], [10] how many each of them has
-- A[11] fields of the run  [12] due entries  [13] steps in the queue  A[14] pools, [15], [16] concurrency:
-- see lua/commands/start.lua
-- then the fields (name, value), the due entries (step or '', offer | in | on, ms), the queue (rank, step)
-- Returns  {0, records there now, if any} refused · {1} · {2} what lay ready is not whole any more
local count = R.record_count()
if (count or '') ~= (tonumber(A[2]) or '') then return {0, count} end
local targets, temporary, sizes = {R.STEPS, R.OUT, R.LOG}, {A[5], A[6], A[7]}, {'HLEN', 'HLEN', 'LLEN'}
for i = 1, 3 do
  if redis.call(sizes[i], temporary[i]) ~= tonumber(A[7 + i]) then return {2} end
end

local watch = redis.call('HGET', R.RUN, 'watch')
if count then R.remove_run() end
for i = 1, 3 do
  if A[7 + i] ~= '0' then
    redis.call('RENAME', temporary[i], targets[i])
    redis.call('PERSIST', targets[i])
  end
end
local at = 17
R.call_in_batches('HSET', R.RUN, {unpack(A, at, at + 2 * A[11] - 1)})
at = at + 2 * A[11]
local definition = R.ROOT .. 'def:' .. A[3]
R.write_definition(definition, A[4], A[14])
R.hold_on(definition)

local f = redis.call('HMGET', R.RUN, 'status', 'created', 'cap', 'parent', 'root', 'closing')
R.status, R.created, R.cap, R.parent, R.root, R.closing = f[1], f[2], f[3], f[4], f[5], f[6]
if R.parent then R.join_tree() end
R.join_key(A[15], A[16], R.parent or '', R.root)
if R.key then
  redis.call('HSET', R.RUN, 'key', R.key, 'turn', string.format('%.0f', R.turn), 'share', R.share, 'more', '1')
  redis.call('HSET', R.STEPS, '/plain', 0)
end
local has_tree = R.find_tree()
if watch then redis.call('HSET', R.RUN, 'watch', watch) end
if watch or has_tree then redis.call('HSET', R.STEPS, '/plain', 0) end
for _ = 1, A[12] do
  local step, kind, ms = A[at], A[at + 1], A[at + 2]
  local due_ms = kind == 'offer' and R.now + R.OFFER_MS or kind == 'in' and R.now + ms or ms
  R.adds[#R.adds + 1] = due_ms
  R.adds[#R.adds + 1] = step == '' and R.RUN_ID or R.RUN_ID .. '/' .. step
  at = at + 3
end
R.call_in_batches('ZADD', R.DUE, R.adds)
local queue = {}
for i = at, at + 2 * A[13] - 1 do queue[#queue + 1] = A[i] end
R.call_in_batches('ZADD', R.queue_key(), queue)

R.move_in_index()
if R.OVER[R.status] then
  R.keep_for_a_while()
elseif R.status == 'paused' or R.status == 'parked' then
  redis.call('ZADD', R.ROOT .. 'unsaved', R.now, R.RUN_ID)
  redis.call('PUBLISH', R.ROOT .. 'ends', R.RUN_ID .. ' ' .. R.status)
end
if watch and tonumber(watch) > R.now then redis.call('PUBLISH', R.ROOT .. 'pokes', R.RUN_ID) end
return {1}
