#!lua flags=allow-oom
-- lua/release.lua: gives a claim back without burning an attempt. Safe to repeat: the second time it is no claim any more.
-- KEYS and ARGV[1..3]  see lib/run.lua
-- ARGV[4] step  [5] nonce  [6] tail of the record
-- Returns  {step, epoch, …}
-- @include time
-- @include cell
-- @include run
-- @include ready
local step, nonce = ARGV[4], ARGV[5]
if not read_run() then return {} end
fetch({step})
local c = cells[step]
if not c or c.nonce ~= nonce or (c.status ~= 'l' and c.status ~= 'x') or OVER[run.status] then return {} end
change_in_flight(-1)
c.status = 'r'
c.nonce = ''
c.epoch = c.epoch + 1
change(c)
record('r', ARGV[6])
due_at(step, false)
local offers = {}
if run.status ~= 'paused' then
  if run.cap then enqueue(c) end
  offers = offers_of({c}, false)
end
flush()
return offers
