-- Refuses the whole call, before anything is done, where the data may be older than what the caller has seen.
-- ARGV[1] generation/…: the value that the key must have; `*` does not look
do
  local expected = string.match(ARGV[1], '^[^/]*')
  if expected ~= '*' and redis.call('GET', KEYS[2] .. 'generation') ~= expected then
    return redis.error_reply('GENERATION')
  end
end
