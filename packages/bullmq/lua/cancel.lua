#!lua flags=allow-oom
-- lua/cancel.lua: ends a run that is not over. Safe to repeat.
-- KEYS and ARGV[1..3]  see lib/run.lua
-- ARGV[4] error as JSON
-- Returns  {1 | 0 whether this call did it, status or nothing}
-- @include time
-- @include cell
-- @include run
if not read_run() then return {0} end
if OVER[run.status] then return {0, run.status} end
end_run('cancelled', ARGV[4])
flush()
return {1, run.status}
