#!lua flags=allow-oom
-- lua/heartbeat.lua: prolongs leases of any number of runs. Safe to repeat.
-- KEYS[1] due  KEYS[2i], KEYS[2i + 1]  run and steps of claim i
-- ARGV[1] lease, ms  ARGV[3i - 1], [3i], [3i + 1]  run id, step and nonce of claim i
-- Returns  a wish a claim: continue | pause | cancel | lost
-- @include lib/time
-- @include lib/cell
local OVER = {success = true, failed = true, timeout = true, budget_exceeded = true, cancelled = true}
local until_ms = string.format('%.0f', clock() + tonumber(ARGV[1]))
local wishes = {}
for i = 1, (#KEYS - 1) / 2 do
  local run_id, step, nonce = ARGV[3 * i - 1], ARGV[3 * i], ARGV[3 * i + 1]
  local f, text = redis.call('HMGET', KEYS[2 * i], 'status', 'held', 'closing', 'cleanup'), redis.call('HGET', KEYS[2 * i + 1], step)
  local status, c = f[1], text and R.read_cell(step, text)
  local is_closed = f[3] and f[3] ~= '' and string.match(f[4], '|(.*)$') ~= step
  if not status or not c or c.nonce ~= nonce then
    wishes[i] = 'lost'
  elseif status == 'cancelled' or is_closed and f[3] == 'cancelled' then
    wishes[i] = 'cancel'
  elseif OVER[status] or is_closed or (c.status ~= 'l' and c.status ~= 'x') then
    wishes[i] = 'lost'
  else
    if c.status == 'x' then
      c.status = 'l'
      redis.call('HSET', KEYS[2 * i + 1], step, R.cell_text(c))
    end
    redis.call('ZADD', KEYS[1], until_ms, run_id .. '/' .. step)
    wishes[i] = (f[2] == '1' or f[2] == 'b') and 'pause' or 'continue'
  end
end
return wishes
