-- All state and all helpers are in the one table R (the run at work). As locals of the script they would be upvalues of
-- some sixty functions, and making those takes Lua five times as long as a command does.
local R = {}

-- A step is one string in the hash STEPS:
--   status letter, nonce | epoch | failures | rank | edges that came | cause | voted | flags [| visit | woken]
-- Letters: w waiting for edges, u undecided, r ready, l leased, x lease expired, b back-off; without a worker: g gate,
-- a timer, i signal, p parked, and for a child run that is c at work, d paused, e parked; resolved: s success, f failed,
-- t timed out, k skipped. `cause` and `voted` are empty for none; flags: 1 chosen, 2 admitted, 3 both. The last two only
-- where it was reopened or woken; woken: 1, and then `/woke:STEP` tells by what.
R.RESOLVED = {s = true, f = true, t = true, k = true}
-- What an open step is to the status of its run: see R.take_stock.
R.CLASS = {
  u = 'work', r = 'work', l = 'work', x = 'work', b = 'work', c = 'work', g = 'gates', d = 'gates', a = 'parks', i = 'parks',
  p = 'parks', e = 'parks',
}

function R.waits(c)
  return string.find('gaipcde', c.status, 1, true) ~= nil
end

function R.waits_for_child(c)
  return string.find('cde', c.status, 1, true) ~= nil
end

function R.corrupt(what)
  error({err = 'CORRUPT ' .. what})
end

function R.read_cell(step, text)
  local status, nonce, epoch, failures, rank, edges, cause, voted, flags, more =
    string.match(text, '^(%l)([^|]*)|(%d+)|(%d+)|(%d+)|(%d+)|(%d*)|(%d*)|([0-3])(.*)$')
  if not status then R.corrupt('the state of step ' .. step) end
  local c = {
    step = step, status = status, nonce = nonce, epoch = epoch, failures = failures, rank = rank, edges = edges,
    cause = cause, voted = voted, flags = flags, class = R.CLASS[status],
  }
  if more ~= '' then
    c.visit, c.woken = string.match(more, '^|(%d+)|(1?)$')
    if not c.visit then R.corrupt('the state of step ' .. step) end
  end
  return c
end

function R.new_cell(step, rank)
  return {
    step = step, status = 'w', nonce = '', epoch = '0', failures = '0', rank = rank, edges = '0', cause = '', voted = '',
    flags = '0',
  }
end

function R.cell_text(c)
  local text = c.status .. c.nonce .. '|' .. c.epoch .. '|' .. c.failures .. '|' .. c.rank .. '|' .. c.edges .. '|' .. c.cause
    .. '|' .. c.voted .. '|' .. c.flags
  return c.visit and text .. '|' .. c.visit .. '|' .. c.woken or text
end
