# Requests and server errors minute by minute, 60 minutes at most: when it began, and whether it is over.
$1 ~ /^[0-9]+-[0-9]+-[0-9]+T/ {
  minute = substr($1, 12, 5)
  if (!(minute in requests)) order[++minutes] = minute
  requests[minute]++
  split($0, part, "\"")
  split(part[3], field, " ")
  if (field[1] >= 500) { failed[minute]++; total++ }
}
END {
  from = minutes > 60 ? minutes - 59 : 1
  worst = order[from]
  for (at = from; at <= minutes; at++) if (failed[order[at]] > failed[worst]) worst = order[at]
  printf "worst minute %s: %d of %d requests failed\n", worst, failed[worst], requests[worst]
  for (at = from; at <= minutes; at++) printf "%s  %4d requests  %4d failed\n", order[at], requests[order[at]], failed[order[at]]
}
