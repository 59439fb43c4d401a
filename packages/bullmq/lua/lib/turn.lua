-- Plays the commands of one turn, one after the other. What one of them meets does not touch the others.
-- KEYS[1] due  KEYS[2] root of the shard, then run, steps, out and log of each command's run
-- ARGV[1] generation (see lib/generation.lua)/ms after which a bell is rung again  ARGV[2] ms for which an ended run stays
-- then for each command its name, the number of its arguments, and these: see the command's own file
-- Returns  a reply a command; {-1, message} for one that failed
R.DUE, R.ROOT, R.OFFER_MS, R.RETENTION_MS = KEYS[1], KEYS[2], tonumber(string.match(ARGV[1], '[^/]*$')), ARGV[2]
R.doomed = {} -- child runs whose parent has been ended

local function slice(from, count)
  if count <= R.BATCH then return {unpack(ARGV, from, from + count - 1)} end
  local values = {}
  for i = 1, count do values[i] = ARGV[from + i - 1] end
  return values
end

local replies = {}
local at, key, last = 3, 3, #ARGV
while at <= last do
  local count = tonumber(ARGV[at + 1])
  local arguments = slice(at + 2, count)
  R.late = nil
  R.begin(KEYS[key], KEYS[key + 1], KEYS[key + 2], KEYS[key + 3], arguments)
  local is_done, reply = pcall(COMMANDS[ARGV[at]], arguments)
  if not is_done then reply = {-1, type(reply) == 'table' and reply.err or tostring(reply)} end
  while #R.doomed > 0 do pcall(R.end_orphan, unpack(table.remove(R.doomed))) end -- one with nonsense in its keys costs itself only
  if R.late then
    R.begin('', '', '', '', {''})
    pcall(R.late)
  end
  replies[#replies + 1] = reply
  at = at + 2 + count
  key = key + 4
end
return replies
