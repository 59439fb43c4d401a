#!lua flags=no-writes
-- lua/notes.lua: the notes of a step since it was last reopened, a page of the run's records at a time, the newest page first.
-- KEYS[1] steps  KEYS[2] log  ARGV[1] step  ARGV[2] the step as JSON, as src/journal/record-codec.ts writes it in records
-- ARGV[3] how many records, the oldest, are left to be looked at; '' for all there are
-- Returns  {how many are left after this page, text, …} newest first
local PAGE = 1000
if redis.call('HEXISTS', KEYS[1], '/noted:' .. ARGV[1]) == 0 then return {0} end

-- Whether a record reopens the step.
local function reopens(record)
  if string.sub(record, 1, 5) ~= '["o",' then return false end
  for _, step in ipairs(cjson.decode(record)[4]) do if step == ARGV[1] then return true end end
  return false
end

local mark = ARGV[2] .. ','
local function is_note(record)
  if string.sub(record, 1, 5) ~= '["n",' then return false end
  local _, at = string.find(record, '^%["n",%d+,%d+,')
  return string.sub(record, at + 1, at + #mark) == mark
end

local last = (tonumber(ARGV[3]) or redis.call('LLEN', KEYS[2])) - 1
local first = math.max(0, last - PAGE + 1)
local records = last >= 0 and redis.call('LRANGE', KEYS[2], first, last) or {}
local reply = {first}
for i = #records, 1, -1 do
  if reopens(records[i]) then
    reply[1] = 0
    break
  end
  if is_note(records[i]) then reply[#reply + 1] = cjson.decode(records[i])[5] end
end
return reply
