#!/usr/bin/env bash
# Measures what three times the saturating load does: the embedded system and loadgen on one machine. First the saturating rate (closed loop),
# then three times that (open loop), then half of it at once afterwards. Prints one row for each and, at the end, what issue 7 asks for:
# goodput of at least 80 % of the maximum, accepted answers under their deadline, bounded memory, recovery within 5 s.
# BENCH_SECONDS sets the length of each part (15). It takes ports of its own (BENCH_PORT, 24800, and those above); loadgen makes no spans, so
# that what it costs is the least that a client can cost. Exit code 1 when one of the four is missed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ "${BENCH_BUILD:-yes}" = no ] || cargo build --release -p standalone -p loadgen

seconds=${BENCH_SECONDS:-15}
deadline_ms=8000
bin=${BENCH_PROGRAMS:-$PWD/target/release}
first=${BENCH_PORT:-24800}
work=$(mktemp -d)
cd "$work"
number=0
for name in EDGE_PORT GATEWAY_PORT USER_PORT ORDER_PORT AUDIT_PORT VIEWER_PORT VIEWER_QUERY_PORT VIEWER_OTLP_GRPC_PORT VIEWER_OTLP_HTTP_PORT; do
    export "$name=$((first + number))"
    number=$((number + 1))
done
LAB=false "$bin/tracechain" >tracechain.log 2>&1 &
system=$!
sampler=
trap 'kill $sampler "$system" 2>/dev/null || true; wait 2>/dev/null; rm -rf "$work"' EXIT
until grep -q 'curl -X POST' tracechain.log; do
    kill -0 "$system" 2>/dev/null || { cat tracechain.log; exit 1; }
    sleep 0.2
done

resident() { # KiB of the system's processes together
    local pid
    for pid in "$system" $(cat "/proc/$system/task/$system/children"); do
        awk '/^VmRSS:/ {print $2}' "/proc/$pid/status" 2>/dev/null || true
    done | awk '{sum += $1} END {print sum + 0}'
}

load() { # load NAME ARGUMENTS... : a report NAME.json
    local name=$1
    shift
    OTEL_TRACES_EXPORTER=none "$bin/loadgen" --target "http://127.0.0.1:$EDGE_PORT" --progress never --report "$name.json" --timeout 20s "$@" \
        >"$name.txt" 2>&1 || { [ -s "$name.json" ] || { cat "$name.txt"; exit 1; }; }
}

figure() { # figure NAME EXPRESSION over the report r
    python3 -c 'import json, sys
r = json.load(open(sys.argv[1] + ".json"))
t = r["total"]
good = sum(n for status, n in t["statuses"].items() if status in ("200", "202"))
print(eval(sys.argv[2]))' "$@"
}

row() { # row WHAT NAME
    local figures
    figures=$(figure "$2" '"%8.0f | %8.0f | %8.0f | %7d | %7.0f | %7.0f" % (
        r["rate_asked"] if r.get("rate_asked") else r["rate_reached"], r["rate_reached"], good / r["elapsed_seconds"],
        sum(n for s, n in t["statuses"].items() if s == "503"), t["latency"]["p50_ms"], t["latency"]["max_ms"])')
    printf '| %-26s | %s |\n' "$1" "$figures"
}

load warm --closed --connections 32 --duration 3s
load most --closed --connections 64 --duration "${seconds}s"
most=$(figure most '"%.0f" % (good / r["elapsed_seconds"])')
before=$(resident)
(while sleep 0.2; do resident; done) >resident.txt &
sampler=$!
load over --rate "$((most * 3))" --duration "${seconds}s" --connections 2000
# At once, so that nothing has had time to recover in; second by second.
for second in 1 2 3 4 5 6; do load "after$second" --rate "$((most / 2))" --duration 1s; done
kill "$sampler" 2>/dev/null || true
peak=$(sort -n resident.txt | tail -n 1)

printf '\n| %-26s | %8s | %8s | %8s | %7s | %7s | %7s |\n|---|---|---|---|---|---|---|\n' "part" "asked/s" "sent/s" "good/s" "503" "p50 ms" "max ms"
row 'the most (closed, 64)' most
row 'three times that (open)' over
row 'half, second 1 afterwards' after1
row 'half, second 5 afterwards' after5

recovered=0
for second in 1 2 3 4 5 6; do
    # Every request answered well, and none much longer than an idle system takes under load.
    if [ "$(figure "after$second" 't["errors"] == 0 and t["latency"]["p99_ms"] < 1000')" = True ]; then
        recovered=$second
        break
    fi
done
goodput=$(figure over "\"%.0f\" % (100 * good / r['elapsed_seconds'] / $most)")
slowest=$(figure over '"%.0f" % t["latency"]["max_ms"]')
late=$(figure over 'sum(n for s, n in t["statuses"].items() if s == "504") + sum(t["failures"].values()) + t["not_started"]')

failed=0
verdict() { # verdict SENTENCE CONDITION
    local word=ok
    (($2)) || { word=MISSED; failed=1; }
    printf '%-7s %s\n' "$word" "$1"
}
printf '\n'
verdict "goodput $goodput % of the most (80 % asked)" "goodput >= 80"
verdict "slowest answer $slowest ms, $late late or lost (deadline $deadline_ms ms)" "slowest < deadline_ms && late == 0"
verdict "memory $((before / 1024)) MiB before, $((peak / 1024)) MiB at most" "peak < 2 * before + 64 * 1024"
verdict "recovered in second $recovered afterwards (5 asked)" "recovered >= 1 && recovered <= 5"
exit "$failed"
