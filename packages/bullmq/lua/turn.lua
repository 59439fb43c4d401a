#!lua flags=allow-oom
-- lua/turn.lua: all that one process asks of runs in one turn of its event loop, in one call; each command is safe to
-- repeat. allow-oom: a full Redis must still record results. KEYS, ARGV and replies: see lib/turn.lua.
-- @include lib/time
-- @include lib/cell
-- @include lib/run
-- @include lib/ready
local COMMANDS = {}
-- @command claim
-- @command settle
-- @command skip
-- @command spread
-- @command release
-- @command cancel
-- @command pause
-- @command reopen
-- @command oblige
-- @include lib/turn
