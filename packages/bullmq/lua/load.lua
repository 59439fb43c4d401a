#!lua flags=no-writes
-- lua/load.lua: header and records of one moment, and the outputs where there are few.
-- KEYS[1] run  KEYS[2] log  KEYS[3] out
-- ARGV[1] index of the first record  ARGV[2] outputs that are answered at most  [3…] fields of the header
-- Returns  {header fields, last record or nothing, records, {step, output, …} or nothing}
local fields = redis.call('HMGET', KEYS[1], unpack(ARGV, 3))
local records = redis.call('LRANGE', KEYS[2], ARGV[1], -1)
local last = records[#records] or redis.call('LINDEX', KEYS[2], -1)
local outputs = false
if redis.call('HLEN', KEYS[3]) <= tonumber(ARGV[2]) then outputs = redis.call('HGETALL', KEYS[3]) end
return {fields, last, records, outputs}
