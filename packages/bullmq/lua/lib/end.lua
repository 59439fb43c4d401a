-- How a run ends: its children first, then its cleanup step, if it has one, then the run itself.

-- `reason` is JSON: an error, null, or a short form that the reader makes an error of.
function R.end_run(ending, reason)
  R.ending = ending
  if not R.closing then
    R.count_open()
    R.leave_all()
  end
  if ending == 'budget_exceeded' then
    reason = '["budget",' .. string.format('%.0f', R.spent) .. ',' .. string.format('%.0f', R.budget) .. ']'
  end
  if redis.call('HEXISTS', R.RUN, 'timeout') == 1 then R.removes[#R.removes + 1] = R.RUN_ID end
  if ending ~= 'success' and ending ~= 'failed' then
    redis.call('PUBLISH', R.ROOT .. 'stops', R.RUN_ID) -- whoever holds a step of it
    if R.root then R.kids = R.begun() end
  end
  if R.cleanup then R.close(ending, reason) else R.finish(ending, reason) end
end

-- What child runs of this run hold is free only when they have been ended: lib/turn.lua does both then.
function R.when_kids_ended(act)
  if R.kids and #R.kids > 0 then R.late = act else act() end
end

function R.parks_on_budget()
  return redis.call('HGET', R.RUN, 'onBudget') == 'park'
end

-- The budget is spent, and the run is to wait for more.
function R.hold_for_budget()
  R.set_more('held', 'b')
  R.is_held = true
  R.status = 'parked'
  R.rests = true
  R.record('p', ',"awaiting_budget"]')
end

function R.finish(ending, reason)
  R.status = ending
  R.rests = nil
  R.has_ended = true
  R.set('error', reason == 'null' and '' or reason)
  R.record('e', ',"' .. ending .. '",' .. reason .. ']')
end

function R.cleanup_step()
  return string.match(R.cleanup, '|(.*)$')
end

-- From here on the run is over for all but its cleanup step.
function R.close(ending, reason)
  R.closing = ending
  R.is_held = false
  R.set('held', '')
  R.set('closing', ending)
  R.set('closingError', reason)
  R.record('z', ',"' .. ending .. '",' .. reason .. ']')
  local step = R.cleanup_step()
  R.fetch({step})
  local c = R.cell_of(step, string.match(R.cleanup, '^%d+'))
  c.status = 'r'
  R.change(c)
  R.status = 'running'
  R.due_at(step, R.now) -- not every command that ends a run can answer an offer
end

-- The cleanup step, where it may be claimed: step, epoch.
function R.offers_of_cleanup()
  local step = R.cleanup_step()
  R.fetch({step})
  local c = R.cells[step]
  if not c or c.status ~= 'r' or R.is_held or R.OVER[R.status] then return {} end
  R.due_at(step, R.now + R.OFFER_MS)
  return {step, tonumber(c.epoch)}
end

-- The cleanup step was resolved; `failure` is its error if it failed.
function R.closed(failure)
  local reason = redis.call('HGET', R.RUN, 'closingError')
  if failure and R.closing == 'success' then R.finish('failed', failure) else R.finish(R.closing, reason) end
end

-- Whether nothing may be done to the step any more.
function R.is_over_for(step)
  return R.OVER[R.status] or R.closing and step ~= R.cleanup_step()
end

-- Ids of the child runs that steps wait for.
function R.waited_for()
  local steps, found = R.names_in('/kids'), {}
  R.fetch(steps)
  for _, step in ipairs(steps) do
    if R.waits_for_child(R.cells[step]) then
      found[#found + 1] = R.waits_for(step)
    end
  end
  return found
end

-- Ids of the child runs that its steps have begun, also of those that nobody waits for yet.
function R.begun()
  local found, own = R.has_kids and R.waited_for() or {}, '["' .. R.RUN_ID .. '",'
  for _, id in ipairs(redis.call('SMEMBERS', R.ROOT .. 'tree:' .. R.root)) do
    local parent = redis.call('HGET', R.ROOT .. 'run:' .. id, 'parent')
    if parent and string.sub(parent, 1, #own) == own then found[#found + 1] = id end
  end
  return found
end

-- A child whose parent ended by no step of its own.
function R.end_orphan(id, parent, ending)
  R.begin(R.ROOT .. 'run:' .. id, R.ROOT .. 'steps:' .. id, R.ROOT .. 'out:' .. id, R.ROOT .. 'log:' .. id, {id})
  if not R.read_run() or R.OVER[R.status] or R.closing or not R.parent or cjson.decode(R.parent)[1] ~= parent then return end
  R.end_run('cancelled', '["parent","' .. ending .. '"]')
  R.flush()
end

function R.move_in_index()
  local index = R.ROOT .. (R.parent and 'cx:' or 'ix:')
  if R.status_before then redis.call('ZREM', index .. R.status_before, R.RUN_ID) end
  redis.call('ZADD', index .. R.status, R.created, R.RUN_ID)
end

function R.expire(id, keys)
  for _, key in ipairs(keys) do redis.call('PEXPIRE', R.ROOT .. key .. id, R.RETENTION_MS) end
  local definition = R.ROOT .. 'def:' .. redis.call('HGET', R.ROOT .. 'run:' .. id, 'definition')
  if redis.call('HINCRBY', definition, 'live', -1) <= 0 then redis.call('PEXPIRE', definition, R.RETENTION_MS) end
end
R.KEYS = {'run:', 'steps:', 'out:', 'log:'}
R.KEYS_IF_CAPPED = {'run:', 'steps:', 'out:', 'log:', 'queue:'}

function R.has_ended_now(id)
  return R.OVER[redis.call('HGET', R.ROOT .. 'run:' .. id, 'status')]
end

-- A child stays as long as the root of its tree: who looks at that wants to see the child, too.
function R.keep_for_a_while()
  if R.cap or R.closing then redis.call('ZREM', R.ROOT .. 'checks', R.RUN_ID) end
  redis.call('ZADD', R.ROOT .. 'unsaved', R.now, R.RUN_ID) -- for the compactor; src/journal/trim.ts forgets what left Redis
  redis.call('PUBLISH', R.ROOT .. 'ends', R.RUN_ID .. ' ' .. R.status)
  local root_status = R.parent and redis.call('HGET', R.ROOT .. 'run:' .. R.root, 'status')
  if root_status and not R.OVER[root_status] then return end
  R.expire(R.RUN_ID, (R.cap or R.closing) and R.KEYS_IF_CAPPED or R.KEYS)
  if R.root ~= R.RUN_ID then return end
  local tree = R.ROOT .. 'tree:' .. R.RUN_ID
  for _, id in ipairs(redis.call('SMEMBERS', tree)) do
    if R.has_ended_now(id) and redis.call('PTTL', R.ROOT .. 'run:' .. id) == -1 then R.expire(id, R.KEYS_IF_CAPPED) end
  end
  redis.call('PEXPIRE', tree, R.RETENTION_MS)
end

-- How the parent ends or has ended, where nothing may be begun for it any more.
function R.ending_of_parent()
  local parent = cjson.decode(R.parent)
  local f = redis.call('HMGET', R.ROOT .. 'run:' .. parent[1], 'status', 'closing', 'cleanup')
  if R.OVER[f[1]] then return f[1] end
  return f[2] and f[2] ~= '' and string.match(f[3], '|(.*)$') ~= parent[2] and f[2]
end

-- A child begins, or comes back: its root knows all the runs below it. A root that is not there, because it is still to come back
-- itself, finds the tree then.
function R.join_tree()
  local root, tree = R.ROOT .. 'run:' .. R.root, R.ROOT .. 'tree:' .. R.root
  local status = redis.call('HGET', root, 'status')
  redis.call('SADD', tree, R.RUN_ID)
  if status then redis.call('HSET', root, 'more', '1', 'root', R.root) end
  if not status or R.OVER[status] then redis.call('PEXPIRE', tree, R.RETENTION_MS) end -- it may go on
end

function R.persist(id)
  if redis.call('PERSIST', R.ROOT .. 'run:' .. id) == 0 then return end
  for _, key in ipairs(R.KEYS_IF_CAPPED) do redis.call('PERSIST', R.ROOT .. key .. id) end
  local definition = R.ROOT .. 'def:' .. redis.call('HGET', R.ROOT .. 'run:' .. id, 'definition')
  redis.call('PERSIST', definition)
  redis.call('HINCRBY', definition, 'live', 1)
end

-- A run that was over goes on, and its tree stays with it.
function R.keep()
  R.persist(R.RUN_ID)
  if R.root ~= R.RUN_ID then return end
  local tree = R.ROOT .. 'tree:' .. R.RUN_ID
  redis.call('PERSIST', tree)
  for _, id in ipairs(redis.call('SMEMBERS', tree)) do R.persist(id) end
end
