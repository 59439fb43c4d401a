-- What is open in a run: how many steps are at work, at a gate (a paused child run is one, too) or parked, which makes the
-- run's status; and how a step that waits without a worker comes back to work.

function R.read_open(text)
  local work, gates, parks = string.match(text or '', '^(%d+)|(%d+)|(%d+)$')
  if not work then R.corrupt('the counter of open steps') end
  R.open = {work = tonumber(work), gates = tonumber(gates), parks = tonumber(parks)}
  R.open_before = text
end

function R.open_text()
  return R.open.work .. '|' .. R.open.gates .. '|' .. R.open.parks
end

function R.show(status)
  if status == 'running' and R.status == 'queued' or status == R.status then return end
  if R.status == 'paused' and not R.closing then -- nobody has looked at its time-out; it gets the whole of it again
    local timeout = redis.call('HGET', R.RUN, 'timeout')
    if timeout then
      R.adds[#R.adds + 1] = R.now + timeout
      R.adds[#R.adds + 1] = R.RUN_ID
    end
  end
  R.status = status
  R.rests = status ~= 'running'
end

-- Counts what the steps changed so far were and are.
function R.count_open()
  local open = R.open
  for _, c in ipairs(R.changed) do
    local class = R.CLASS[c.status]
    if class ~= c.class then
      if c.class then open[c.class] = open[c.class] - 1 end
      if class then open[class] = open[class] + 1 end
      c.class = class
    end
  end
end

-- After steps were changed, before anybody is told of the run's status.
function R.take_stock()
  if not R.closing then R.count_open() end
  if R.is_held or R.has_ended then return end
  if R.closing then
    local c = R.cells[R.cleanup_step()]
    if c then R.show(R.STATUS_OF[R.CLASS[c.status] or 'work']) end
    return
  end
  local open = R.open
  local is_at_work = open.work > 0 or R.owes or open.parks + open.gates == 0
  R.show(is_at_work and 'running' or open.parks > 0 and 'parked' or 'paused')
end
R.STATUS_OF = {work = 'running', gates = 'paused', parks = 'parked'}

-- A claimed step goes to wait. `ms` is when it is looked at again, '' for never; true where what it waits for is there already.
function R.wait(c, kind, tail, detail, ms)
  local until_text = kind ~= 'c' and ms ~= '' and string.format('%.0f', R.now + ms) or ''
  c.status = kind
  c.woken = c.woken and ''
  R.put('/wait:' .. c.step, until_text .. '|' .. detail)
  R.record('w', ',' .. (until_text == '' and 'null' or until_text) .. tail)
  if kind == 'i' then
    local payload = redis.call('HGET', R.STEPS, '/sig:' .. detail)
    if payload then
      R.wake(c, '["s",' .. payload .. ']')
      return true
    end
    R.add_name('/want:' .. detail, c.step)
  elseif kind == 'c' then
    local status = redis.call('HGET', R.ROOT .. 'run:' .. detail, 'status')
    if R.OVER[status] then
      R.wake(c, '["c",' .. cjson.encode(detail) .. ',"' .. status .. '"]')
      return true
    end
    c.status = R.letter_for_child(status)
    if c.status ~= 'c' then R.record('m', ',' .. cjson.encode(c.step) .. ',"' .. status .. '"]') end
    R.add_name('/kids', c.step)
    R.set_more('kids', '1')
  end
  if ms == '' then
    R.not_due(c.step)
  elseif kind ~= 'c' and tonumber(ms) <= 0 then
    R.wake(c, '["e"]')
    return true
  else
    R.due_at(c.step, R.now + ms)
  end
  return false
end

-- An expired step gives up lease, slot and claim, and waits for a human. Returns what its slot is offered to.
function R.quarantine(c, deaths)
  R.free_slot(c)
  R.wait(c, 'p', ',' .. c.epoch .. ',' .. cjson.encode(c.step) .. ',["q",' .. deaths .. '],0]', '', '')
  c.nonce = ''
  R.take_stock()
  if R.is_held or R.closing then return {} end
  return R.offers_of({}, nil)
end

-- What it waits for may have passed while the run was over and nobody looked; a child run is looked at at once.
function R.look_again_at_waits()
  if R.open.gates + R.open.parks == 0 and not R.has_kids then return end
  local flat = redis.call('HGETALL', R.STEPS)
  for at = 1, #flat, 2 do
    local step = flat[at]
    if not string.find(step, '/', 1, true) and string.find('gaipcde', string.sub(flat[at + 1], 1, 1), 1, true) then
      R.fetch({step})
      local c = R.cells[step]
      if R.waits(c) then
        local until_ms = string.match(redis.call('HGET', R.STEPS, '/wait:' .. step), '^%d*')
        if R.waits_for_child(c) then
          R.due_at(step, R.now)
        elseif until_ms ~= '' then
          R.due_at(step, until_ms)
        end
      end
    end
  end
end

function R.letter_for_child(status)
  return status == 'paused' and 'd' or status == 'parked' and 'e' or 'c'
end

function R.waits_for(step)
  return string.match(redis.call('HGET', R.STEPS, '/wait:' .. step) or '', '|(.*)$')
end

-- `wake` is JSON: see src/journal/wait-codec.ts.
function R.wake(c, wake)
  c.status = 'r'
  c.epoch = c.epoch + 1
  c.visit = c.visit or '1'
  c.woken = '1'
  if string.sub(wake, 1, 4) == '["u"' then redis.call('HDEL', R.STEPS, '/deaths:' .. c.step) end
  R.change(c)
  R.put('/woke:' .. c.step, wake)
  R.not_due(c.step)
  R.record('v', ',' .. cjson.encode(c.step) .. ',' .. wake .. ']')
end

-- What ended the last wait of the step in this visit, or ''.
function R.woke(c)
  return c.woken == '1' and redis.call('HGET', R.STEPS, '/woke:' .. c.step) or ''
end

-- Offers of woken steps: step, epoch, step, …
function R.offer_woken(woken)
  if R.is_held or #woken == 0 then return {} end
  if R.cap then for _, c in ipairs(woken) do R.enqueue(c) end end
  return R.offers_of(woken, nil)
end

-- The names in a field whose names are parted by slashes.
function R.names_in(field)
  local names = {}
  for name in string.gmatch(redis.call('HGET', R.STEPS, field) or '', '[^/]+') do names[#names + 1] = name end
  return names
end

function R.add_name(field, name)
  local names = R.names_in(field)
  for _, one in ipairs(names) do if one == name then return end end
  names[#names + 1] = name
  R.put(field, table.concat(names, '/'))
end
