#!lua flags=allow-oom
-- lua/replayed.lua: a worker notes how far it is with telling what its spool knows; also in a full Redis, or nothing would go on
-- there. Safe to repeat.
-- KEYS[1]  notes of a loss   hash: instance → stage
-- ARGV[1]  instance   ARGV[2]  stage   ARGV[3]  how long the notes stay, seconds
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
