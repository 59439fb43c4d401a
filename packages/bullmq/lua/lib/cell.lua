-- All state and all helpers are in the one table R (the run at work). As locals of the script they would be upvalues of
-- some sixty functions, and making those takes Lua five times as long as a command does.
local R = {}

-- A step is one string in the hash STEPS:
--   status letter, nonce | epoch | failures | rank | edges that came | cause | voted | flags
-- Letters: w waiting, u undecided, r ready, l leased, x lease expired, b back-off; resolved: s success, f failed,
-- t timed out, k skipped. `cause` and `voted` are empty for none; flags: 1 chosen, 2 admitted, 3 both.
R.RESOLVED = {s = true, f = true, t = true, k = true}

function R.corrupt(what)
  error({err = 'CORRUPT ' .. what})
end

function R.read_cell(step, text)
  local status, nonce, epoch, failures, rank, edges, cause, voted, flags =
    string.match(text, '^(%l)([^|]*)|(%d+)|(%d+)|(%d+)|(%d+)|(%d*)|(%d*)|([0-3])$')
  if not status then R.corrupt('the state of step ' .. step) end
  return {
    step = step, status = status, nonce = nonce, epoch = epoch, failures = failures, rank = rank, edges = edges,
    cause = cause, voted = voted, flags = flags,
  }
end

function R.new_cell(step, rank)
  return {
    step = step, status = 'w', nonce = '', epoch = '0', failures = '0', rank = rank, edges = '0', cause = '', voted = '',
    flags = '0',
  }
end

function R.cell_text(c)
  return c.status .. c.nonce .. '|' .. c.epoch .. '|' .. c.failures .. '|' .. c.rank .. '|' .. c.edges .. '|' .. c.cause
    .. '|' .. c.voted .. '|' .. c.flags
end
