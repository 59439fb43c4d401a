#!lua
-- lua/begin-runs.lua: the STARTs of one turn. Not allow-oom: a full Redis refuses new work. See lib/turn.lua.
-- @include lib/generation
-- @include lib/time
-- @include lib/cell
-- @include lib/run
-- @include lib/fair
-- @include lib/open
-- @include lib/end
-- @include lib/ready
-- @include lib/whole
local COMMANDS = {}
-- @command start
-- @command restore
-- @include lib/turn
