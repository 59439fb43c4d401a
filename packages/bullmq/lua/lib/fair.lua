-- Steps of runs with a concurrency key, and whose turn it is. The model is the engine's journal/fair-queue.ts with turns.ts.
-- Keys of the shard: turns:POOL keys that have a turn, by what they have had · past:POOL the same of other keys, and under ''
-- what the key that began last had had · ready:POOL:KEY steps that wait, RUN/rank/STEP · slots:KEY steps that hold a slot,
-- RUN/STEP, by since when · share:KEY limit|weight · checks when the slots of /KEY or of the capped run RUN are looked through · bells:POOL steps that were rung for, by when · lines all pools in which
-- steps have waited · keys all keys of which something waits or is at work · turn counts the runs
R.STRIDE = 1000000
R.BELLS_MAX = 32
R.DROPS_MAX = 100
R.PRIORITY_STEP = 2 ^ 32
R.CHECK_MS = 10000 -- slots are looked through so often

function R.is_keyed(step)
  return R.key and not (R.cleanup and step == R.cleanup_step())
end

-- A run begins, or comes back: its own key, else its parent's. `parent` as JSON, or ''; `root` of the tree.
function R.join_key(key, share, parent, root)
  R.key, R.turn, R.share, R.pools = nil, nil, nil, {}
  local root_turn
  if parent ~= '' then
    local above = redis.call('HMGET', R.ROOT .. 'run:' .. cjson.decode(parent)[1], 'key', 'turn', 'share')
    root_turn = redis.call('HGET', R.ROOT .. 'run:' .. root, 'turn')
    if above[1] then R.key, R.turn, R.share = above[1], tonumber(above[2]), above[3] end
  end
  if key == '' then return end
  R.key, R.turn, R.share = key, tonumber(root_turn or redis.call('INCR', R.ROOT .. 'turn')), share
  redis.call('SET', R.ROOT .. 'share:' .. key, share)
  redis.call('SADD', R.ROOT .. 'keys', key)
  R.readmit(key)
end

function R.line(step)
  local pool = R.pools[step] or R.pool_of(step, R.definition)
  R.pools[step] = pool
  return pool
end

function R.entry(c)
  return R.RUN_ID .. '/' .. string.format('%06d', c.rank) .. '/' .. c.step, string.format('%.0f', R.priority * R.PRIORITY_STEP + R.turn)
end

function R.sorted_lines()
  local lines = redis.call('SMEMBERS', R.ROOT .. 'lines')
  table.sort(lines)
  return lines
end

function R.limit_of(key)
  return tonumber(string.match(redis.call('GET', R.ROOT .. 'share:' .. key) or '', '^(%d+)|'))
end

function R.free_slots(key)
  local limit = R.limit_of(key)
  return limit and math.max(0, limit - redis.call('ZCARD', R.ROOT .. 'slots:' .. key)) or math.huge
end

function R.tag_of(pool, key)
  local tag = redis.call('ZSCORE', R.ROOT .. 'turns:' .. pool, key)
  if tag then return tonumber(tag) end
  local past, now = unpack(redis.call('ZMSCORE', R.ROOT .. 'past:' .. pool, key, ''))
  return math.max(tonumber(past or 0), tonumber(now or 0))
end

function R.admit(pool, key)
  local turns = R.ROOT .. 'turns:' .. pool
  if redis.call('EXISTS', R.ROOT .. 'ready:' .. pool .. ':' .. key) == 0 or redis.call('ZSCORE', turns, key) or R.free_slots(key) == 0 then return end
  redis.call('ZADD', turns, string.format('%.0f', R.tag_of(pool, key)), key)
  redis.call('ZREM', R.ROOT .. 'past:' .. pool, key)
end

function R.retire(pool, key)
  local turns = R.ROOT .. 'turns:' .. pool
  local tag = redis.call('ZSCORE', turns, key)
  if not tag then return end
  redis.call('ZREM', turns, key)
  redis.call('ZADD', R.ROOT .. 'past:' .. pool, tag, key)
end

function R.readmit(key)
  local change = R.free_slots(key) == 0 and R.retire or R.admit
  for _, pool in ipairs(R.sorted_lines()) do change(pool, key) end
end

function R.forget_idle(key)
  if redis.call('EXISTS', R.ROOT .. 'slots:' .. key) == 1 then return end
  for _, pool in ipairs(R.sorted_lines()) do
    if redis.call('EXISTS', R.ROOT .. 'ready:' .. pool .. ':' .. key) == 1 then return end
  end
  redis.call('DEL', R.ROOT .. 'share:' .. key)
  redis.call('SREM', R.ROOT .. 'keys', key)
  if redis.call('EXISTS', R.ROOT .. 'keys') == 1 then return end
  for _, pool in ipairs(R.sorted_lines()) do redis.call('DEL', R.ROOT .. 'past:' .. pool) end -- all begin anew
end

-- The limit and weight of the run that was started last hold for its key, until nothing of the key waits or is at work.
function R.keep_share()
  if redis.call('SET', R.ROOT .. 'share:' .. R.key, R.share, 'NX') then redis.call('SADD', R.ROOT .. 'keys', R.key) end
end

-- A ready step waits for its turn.
function R.queue_up(c)
  local pool, entry, score = R.line(c.step), R.entry(c)
  R.not_due(c.step)
  R.free_key_slot(R.key, R.RUN_ID .. '/' .. c.step) -- of a turn before its run was paused
  R.keep_share()
  if redis.call('ZADD', R.ROOT .. 'ready:' .. pool .. ':' .. R.key, 'NX', score, entry) == 0 then return end
  redis.call('SADD', R.ROOT .. 'lines', pool)
  R.admit(pool, R.key)
end

function R.unqueue(pool, key, entry)
  local ready = R.ROOT .. 'ready:' .. pool .. ':' .. key
  if redis.call('ZREM', ready, entry) == 0 or redis.call('EXISTS', ready) == 1 then return end
  R.retire(pool, key)
  R.forget_idle(key)
end

-- Another key has had less than this one.
function R.is_ahead_of(pool, key)
  local own = R.tag_of(pool, key)
  local first = redis.call('ZRANGE', R.ROOT .. 'turns:' .. pool, 0, 1, 'WITHSCORES')
  for at = 1, #first, 2 do
    if first[at] ~= key and tonumber(first[at + 1]) < own then return true end
  end
  return false
end

-- May the step begin now: true, or why not.
function R.turn_of(c)
  if redis.call('ZSCORE', R.ROOT .. 'slots:' .. R.key, R.RUN_ID .. '/' .. c.step) then return true end
  R.queue_up(c)
  if R.free_slots(R.key) == 0 then return false, 'full' end
  if R.is_ahead_of(R.line(c.step), R.key) then return false, 'turn' end
  return true
end

-- Not before older runs of its key, nor out of turn.
function R.may_go_on_in_turn(c)
  local pool, _, score = R.line(c.step), R.entry(c)
  local first = redis.call('ZRANGE', R.ROOT .. 'ready:' .. pool .. ':' .. R.key, 0, 0, 'WITHSCORES')
  if first[2] and tonumber(first[2]) < tonumber(score) then return false end
  return R.free_slots(R.key) > 0 and not R.is_ahead_of(pool, R.key)
end

-- A step of the key begins.
function R.begin_in(pool, key, entry, member)
  local slots, turns, past = R.ROOT .. 'slots:' .. key, R.ROOT .. 'turns:' .. pool, R.ROOT .. 'past:' .. pool
  if redis.call('ZSCORE', slots, member) then return end
  local begun = R.tag_of(pool, key)
  if begun > tonumber(redis.call('ZSCORE', past, '') or 0) then redis.call('ZADD', past, string.format('%.0f', begun), '') end
  local weight = tonumber(string.match(redis.call('GET', R.ROOT .. 'share:' .. key) or '', '|(%d+)$')) or 1
  local next = string.format('%.0f', begun + math.floor(R.STRIDE / weight))
  redis.call('ZADD', redis.call('ZSCORE', turns, key) and turns or past, next, key)
  redis.call('ZADD', slots, R.now, member)
  redis.call('ZADD', R.ROOT .. 'checks', 'NX', R.now + R.CHECK_MS, '/' .. key)
  if R.free_slots(key) == 0 then
    for _, one in ipairs(R.sorted_lines()) do R.retire(one, key) end
  end
  R.unqueue(pool, key, entry)
end

function R.begin_turn(c)
  if not R.is_keyed(c.step) then return end
  R.keep_share()
  R.begin_in(R.line(c.step), R.key, (R.entry(c)), R.RUN_ID .. '/' .. c.step)
end

function R.free_key_slot(key, member)
  if redis.call('ZREM', R.ROOT .. 'slots:' .. key, member) == 0 then return false end
  R.readmit(key)
  R.forget_idle(key)
  return true
end

-- The step holds no slot of its key any more, and does not wait for one.
function R.leave(c)
  if not R.is_keyed(c.step) then return end
  R.unqueue(R.line(c.step), R.key, (R.entry(c)))
  R.free_key_slot(R.key, R.RUN_ID .. '/' .. c.step)
end

-- A claim ends.
function R.free_slot(c)
  if R.cap then R.in_flight = R.in_flight - 1 end
  R.leave(c)
end

-- None of the run's steps holds or waits for a slot any more.
function R.leave_all()
  if not R.key then return end
  local flat = R.unresolved == 0 and {} or redis.call('HGETALL', R.STEPS)
  for at = 1, #flat, 2 do
    if not string.find(flat[at], '/', 1, true) then
      R.leave(R.cells[flat[at]] or R.read_cell(flat[at], flat[at + 1]))
      R.answered(flat[at]) -- whoever the bell brings is told of another step
    end
  end
  R.forget_idle(R.key)
end

-- A bell has brought somebody.
function R.answered(step)
  if R.is_keyed(step) then redis.call('ZREM', R.ROOT .. 'bells:' .. R.line(step), R.RUN_ID .. '/' .. step) end
end

-- Nothing for a step that may not begin, whatever its place says.
function R.ready_step(entry)
  local run, step = string.match(entry, '^([^/]*)/%d+/(.*)$')
  local found = {run = run, step = step, member = run .. '/' .. step}
  if run == R.RUN_ID then
    if R.OVER[R.status] or R.status == 'paused' or R.is_held or R.closing then return nil end
    R.fetch({step})
    local c = R.cells[step]
    if not c or c.status ~= 'r' then return nil end
    found.own, found.epoch, found.definition, found.priority = c, tonumber(c.epoch), R.definition, R.priority
    return found
  end
  local f = redis.call('HMGET', R.ROOT .. 'run:' .. run, 'status', 'closing', 'definition', 'priority', 'held')
  if not f[1] or R.OVER[f[1]] or f[1] == 'paused' or (f[2] and f[2] ~= '') or (f[5] and f[5] ~= '') then return nil end
  found.text = redis.call('HGET', R.ROOT .. 'steps:' .. run, step)
  if not found.text or string.sub(found.text, 1, 1) ~= 'r' then return nil end
  found.epoch, found.definition, found.priority = tonumber(string.match(found.text, '^r[^|]*|(%d+)')), f[3], tonumber(f[4])
  return found
end

function R.add_offer(offers, found)
  offers[#offers + 1] = '/' .. cjson.encode({found.run, found.step, found.definition, found.priority})
  offers[#offers + 1] = found.epoch
end

-- The step of the pool whose turn it is: it holds its slot from here on, and somebody is to claim it at once.
function R.next_turn(pool)
  for _ = 1, R.DROPS_MAX do
    local key = redis.call('ZRANGE', R.ROOT .. 'turns:' .. pool, 0, 0)[1]
    local entry = key and redis.call('ZRANGE', R.ROOT .. 'ready:' .. pool .. ':' .. key, 0, 0)[1]
    if not entry then return {} end
    local found = R.ready_step(entry)
    if found then
      R.begin_in(pool, key, entry, found.member)
      if found.own then R.due_at(found.step, R.now + R.OFFER_MS) else redis.call('ZADD', R.DUE, R.now + R.OFFER_MS, found.member) end
      local offers = {}
      R.add_offer(offers, found)
      return offers
    end
    R.unqueue(pool, key, entry)
  end
  return {}
end

-- Bells to be rung, so that as many are under way as there is use for.
function R.calls()
  local offers, drops = {}, 0
  for _, pool in ipairs(R.sorted_lines()) do
    local bells = R.ROOT .. 'bells:' .. pool
    local room = R.BELLS_MAX - redis.call('ZCARD', bells)
    for _, key in ipairs(room > 0 and redis.call('ZRANGE', R.ROOT .. 'turns:' .. pool, 0, R.BELLS_MAX - 1) or {}) do
      local count = room > 0 and math.min(R.BELLS_MAX, R.free_slots(key)) or 0
      for _, entry in ipairs(count > 0 and redis.call('ZRANGE', R.ROOT .. 'ready:' .. pool .. ':' .. key, 0, count - 1) or {}) do
        if room <= 0 or drops >= R.DROPS_MAX then break end
        local found = R.ready_step(entry)
        if not found then
          R.unqueue(pool, key, entry)
          drops = drops + 1
        elseif redis.call('ZADD', bells, 'NX', R.now, found.member) == 1 then
          room = room - 1
          found.epoch = found.epoch + 1 -- a bell that is rung again is another job
          if found.own then
            found.own.epoch = found.epoch
            R.change(found.own)
          else
            redis.call('HSET', R.ROOT .. 'steps:' .. found.run, found.step, (string.gsub(found.text, '^(r[^|]*|)%d+', '%1' .. found.epoch, 1)))
          end
          R.add_offer(offers, found)
        end
      end
    end
  end
  return offers
end
