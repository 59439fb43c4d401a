#!lua flags=allow-oom
-- lua/generation.lua: which data this is, and of which server process: see src/generation/generation.ts. Safe to repeat.
-- KEYS[1] generation  ARGV[1] value that is replaced, or '' for none  ARGV[2] its successor, or '' to look only
-- Returns  {value or false, run id of the server, ms since 1970}
-- @include lib/time
local found = redis.call('GET', KEYS[1])
if ARGV[2] ~= '' and (found or '') == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2])
  found = ARGV[2]
end
return {found, string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or '', string.format('%.0f', clock())}
