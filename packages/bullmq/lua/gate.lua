#!lua flags=no-writes
-- lua/gate.lua: how many runs of the shard wait to be begun, and what its server says of its memory. Reads only.
-- KEYS[1] index of queued runs
-- Returns  {runs, INFO memory}
return {redis.call('ZCARD', KEYS[1]), redis.call('INFO', 'memory')}
