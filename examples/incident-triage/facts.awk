# What is in the log: lines, time span, and how requests were answered.
# Request lines: 2026-11-24T15:48:13+00:00 192.0.2.34 "GET /x HTTP/1.1" 200 4754 0.000 - "agent"
# Error lines:   2026/11/24 15:52:10 [error] 12423#12423: *753 connect() failed … while …, client: …, request: "…"
{
  at = ""
  if ($1 ~ /^[0-9]+-[0-9]+-[0-9]+T/) {
    at = substr($1, 12, 8)
    requests++
    split($0, part, "\"")
    split(part[3], field, " ")
    status[substr(field[1], 1, 1) "xx"]++
    if (field[1] >= 500) {
      split(part[2], request, " ")
      split(request[2], name, /[\/?]/)
      route[field[1] " on /" name[2] (name[3] ~ /^[a-z]+$/ ? "/" name[3] : "")]++
    }
    if (field[3] > slowest) slowest = field[3]
  } else if ($1 ~ /^[0-9]+\/[0-9]+\/[0-9]+$/) {
    at = $2
    if ($3 == "[error]" || $3 == "[crit]") errors++
  }
  if (at != "") { if (first == "") first = at; last = at }
}
END {
  printf "%d lines, %s to %s\n", NR, first, last
  printf "%d requests: %d 2xx, %d 3xx, %d 4xx, %d 5xx; %d error lines\n", requests, status["2xx"], status["3xx"], status["4xx"], status["5xx"], errors
  for (row = 1; row <= 10; row++) {
    best = ""
    for (each in route) if (best == "" || route[each] > route[best] || (route[each] == route[best] && each < best)) best = each
    if (best == "") break
    printf "%4d × %s\n", route[best], best
    delete route[best]
  }
  printf "slowest request %.1f s\n", slowest
}
