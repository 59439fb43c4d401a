-- A run as a whole: what of it lies in Redis, and how all of that goes. A key or an entry that a run gets must go here, too.

-- Nil where there is no such run.
function R.record_count()
  return redis.call('EXISTS', R.RUN) == 1 and redis.call('LLEN', R.LOG) or nil
end

function R.remove_run()
  if redis.call('HEXISTS', R.RUN, 'key') == 1 and R.read_run() then R.leave_all() end
  local members = {R.RUN_ID}
  for _, name in ipairs(redis.call('HKEYS', R.STEPS)) do
    if not string.find(name, '/', 1, true) then members[#members + 1] = R.RUN_ID .. '/' .. name end
  end
  R.call_in_batches('ZREM', R.DUE, members)
  local status, definition, parent = unpack(redis.call('HMGET', R.RUN, 'status', 'definition', 'parent'))
  if status then redis.call('ZREM', R.ROOT .. (parent and 'cx:' or 'ix:') .. status, R.RUN_ID) end
  redis.call('ZREM', R.ROOT .. 'unsaved', R.RUN_ID)
  redis.call('ZREM', R.ROOT .. 'checks', R.RUN_ID)
  if definition and redis.call('PTTL', R.RUN) == -1 then R.let_go(R.ROOT .. 'def:' .. definition) end
  redis.call('UNLINK', R.RUN, R.STEPS, R.OUT, R.LOG, R.queue_key())
end

-- `pools` as JSON [by default, step, pool, …], or ''.
function R.write_definition(definition, text, pools)
  redis.call('HSET', definition, 'text', text)
  if pools == '' then return end
  local names = cjson.decode(pools)
  redis.call('HSET', definition, 'pool', names[1])
  for at = 2, #names, 2 do redis.call('HSET', definition, 'pool:' .. names[at], names[at + 1]) end
end

-- One run more for whose sake a definition stays.
function R.hold_on(definition)
  if redis.call('HINCRBY', definition, 'live', 1) <= 1 then redis.call('PERSIST', definition) end
end

-- One run less for whose sake a definition stays.
function R.let_go(definition)
  if redis.call('HINCRBY', definition, 'live', -1) <= 0 then redis.call('PEXPIRE', definition, R.RETENTION_MS) end
end

-- The tree below a root that goes: runs that are over have stayed for its sake only; others find it again with the root.
function R.leave_tree()
  local tree = R.ROOT .. 'tree:' .. R.RUN_ID
  for _, id in ipairs(redis.call('SMEMBERS', tree)) do
    local status = redis.call('HGET', R.ROOT .. 'run:' .. id, 'status')
    if R.OVER[status] and redis.call('PTTL', R.ROOT .. 'run:' .. id) == -1 then R.expire(id, R.KEYS_IF_CAPPED) end
    if not status or R.OVER[status] then redis.call('SREM', tree, id) end
  end
  redis.call('PEXPIRE', tree, R.RETENTION_MS)
end

-- Whether there are runs below this one.
function R.find_tree()
  local tree = R.ROOT .. 'tree:' .. R.RUN_ID
  if redis.call('EXISTS', tree) == 0 then return false end
  R.root = R.RUN_ID
  redis.call('PERSIST', tree)
  redis.call('HSET', R.RUN, 'more', '1', 'root', R.root)
  return true
end
