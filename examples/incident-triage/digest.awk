# Error lines grouped by what they say, numbers and names of files blanked out: the 15 most frequent of each with an example.
$3 == "[error]" || $3 == "[crit]" || $3 == "[warn]" {
  message = $0
  sub(/^[^*]*\*[0-9]+ /, "", message)
  request = ""
  if (match(message, /request: "[^"]*"/)) request = substr(message, RSTART + 10, RLENGTH - 11)
  sub(/, client:.*/, "", message)
  gsub(/"[^"]*"/, "\"…\"", message)
  gsub(/[0-9]+\.[0-9]+/, "N", message)
  count[message]++
  if (count[message] == 1) { since[message] = $2; example[message] = request; kinds++ }
  until[message] = $2
}
END {
  printf "%d distinct errors\n", kinds
  for (row = 1; row <= 15 && row <= kinds; row++) {
    best = ""
    for (message in count) if (best == "" || count[message] > count[best] || (count[message] == count[best] && message < best)) best = message
    printf "%4d × %s [%s to %s, e.g. %s]\n", count[best], substr(best, 1, 160), since[best], until[best], substr(example[best], 1, 80)
    delete count[best]
  }
}
