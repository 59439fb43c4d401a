#!lua flags=no-writes
-- lua/notes.lua: the notes of a step since it was last reopened.
-- KEYS[1] steps  KEYS[2] log  ARGV[1] step  ARGV[2] the step as JSON, as src/journal/record-codec.ts writes it in records
-- Returns  {text, …} oldest first
local BATCH = 500
if redis.call('HEXISTS', KEYS[1], '/noted:' .. ARGV[1]) == 0 then return {} end

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

local newest_first = {}
local last = redis.call('LLEN', KEYS[2]) - 1
local is_done = false
while last >= 0 and not is_done do
  local first = math.max(0, last - BATCH + 1)
  local records = redis.call('LRANGE', KEYS[2], first, last)
  for i = #records, 1, -1 do
    if reopens(records[i]) then
      is_done = true
      break
    end
    if is_note(records[i]) then newest_first[#newest_first + 1] = cjson.decode(records[i])[5] end
  end
  last = first - 1
end
local notes = {}
for i = #newest_first, 1, -1 do notes[#notes + 1] = newest_first[i] end
return notes
