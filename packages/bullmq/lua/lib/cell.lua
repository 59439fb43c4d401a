-- A step is one string in the hash STEPS:
--   status letter, nonce | epoch | failures | rank | edges that came | cause | voted | flags
-- Letters: w waiting, u undecided, r ready, l leased, x lease expired, b back-off; resolved: s success, f failed,
-- t timed out, k skipped. `cause` and `voted` are empty for none; flags: 1 chosen, 2 admitted, 3 both.
local RESOLVED = {s = true, f = true, t = true, k = true}
local CELL = '^(%l)([^|]*)|(%d+)|(%d+)|(%d+)|(%d+)|(%d*)|(%d*)|([0-3])$'

local function corrupt(what)
  error({err = 'CORRUPT ' .. what})
end

local function read_cell(step, text)
  local status, nonce, epoch, failures, rank, edges, cause, voted, flags = string.match(text, CELL)
  if not status then corrupt('the state of step ' .. step) end
  return {
    step = step, status = status, nonce = nonce, epoch = tonumber(epoch), failures = tonumber(failures), rank = rank,
    edges = tonumber(edges), cause = cause, voted = voted, flags = flags,
  }
end

local function new_cell(step, rank)
  return {step = step, status = 'w', nonce = '', epoch = 0, failures = 0, rank = rank, edges = 0, cause = '', voted = '', flags = '0'}
end

local function cell_text(c)
  return c.status .. c.nonce .. '|' .. c.epoch .. '|' .. c.failures .. '|' .. c.rank .. '|' .. c.edges .. '|' .. c.cause
    .. '|' .. c.voted .. '|' .. c.flags
end

local function lower(a, b)
  if a == '' then return b end
  if b == '' or tonumber(a) <= tonumber(b) then return a end
  return b
end

local function either(a, b)
  if a == b or b == '0' then return a end
  if a == '0' then return b end
  return '3'
end

-- Nothing speaks against the step, so that it may be handed out without asking anybody.
local function is_clean(c)
  return c.cause == '' and (c.voted == '' or c.flags == '1' or c.flags == '3')
end
