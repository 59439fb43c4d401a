#!lua flags=no-writes
-- lua/overdue.lua: whose time has come, the longest overdue first. Reads only; lua/oblige.lua does what is due.
-- KEYS[1] due  ARGV[1] at most
-- Returns  {member, …}: RUN for a run's deadline, RUN/STEP for a step
-- @include lib/time
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', clock()), 'LIMIT', 0, ARGV[1])
