#!lua flags=allow-oom
-- lua/replayed.lua: a worker notes how far it is with telling what its spool knows; also in a full Redis, or nothing would go on
-- there, and that it is still at it. Safe to repeat.
-- KEYS[1]  notes of a loss   hash: instance → stage, loss and when it was noted, by turns
-- ARGV[1]  instance   ARGV[2]  stage and loss   ARGV[3]  how long the notes stay, seconds
-- @include lib/time
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', clock()))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
