#!lua flags=allow-oom
-- lua/pause.lua: holds a run; what is in flight may still commit. Safe to repeat.
-- KEYS and ARGV[1..3]  see lib/run.lua
-- ARGV[4] tail of the record
-- Returns  {1 | 0 whether this call did it, status or nothing}
-- @include time
-- @include cell
-- @include run
if not read_run() then return {0} end
if OVER[run.status] or run.status == 'paused' then return {0, run.status} end
run.status = 'paused'
touch()
record('p', ARGV[4])
flush()
redis.call('ZADD', ROOT .. 'unsaved', string.format('%.0f', now), RUN_ID) -- for the compactor
return {1, run.status}
