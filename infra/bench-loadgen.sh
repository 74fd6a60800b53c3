#!/usr/bin/env bash
# Measures loadgen beside wrk (and oha where it is installed) on one machine in one run, in alternating rounds: first against a route that does
# next to nothing, where the client is what limits, then against the whole chain, with spans and with verification too; at the end
# 100,000 traces verified, and what memory that took. BENCH_SECONDS sets the length of a round (5), BENCH_TRACES the traces (100000).
# Needs the standard ports free, and wrk (apt-get install wrk).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v wrk >/dev/null || { echo 'wrk is not here: apt-get install wrk'; exit 1; }
cargo build --release -p standalone -p loadgen

seconds=${BENCH_SECONDS:-5}
traces=${BENCH_TRACES:-100000}
connections=32
rounds=3
bin=$PWD/target/release
work=$(mktemp -d)
cd "$work"
"$bin/tracechain" >tracechain.log 2>&1 &
system=$!
trap 'kill "$system" 2>/dev/null; wait "$system" 2>/dev/null; rm -rf "$work"' EXIT
until grep -q 'curl -X POST' tracechain.log; do
    kill -0 "$system" 2>/dev/null || { cat tracechain.log; exit 1; }
    sleep 0.2
done

url=http://127.0.0.1:8080
cat >live <<'EOF'
[[step]]
method = "GET"
path = "/health/live"
EOF
cat >process.lua <<'EOF'
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local n = 0
request = function()
    n = n + 1
    return wrk.format(nil, nil, nil, '{"user_id": ' .. 1001 + n % 1000 .. ', "action": "test_trace"}')
end
EOF

rate() { # rate TOOL ROUTE: requests per second of one round
    local load=("$bin/loadgen" --closed --connections "$connections" --duration "${seconds}s" --progress never --report report.json --scenario "$2")
    local path=/health/live lua=()
    if [ "$2" = process ]; then path=/api/v1/process lua=(-s process.lua); fi
    case $1 in
        wrk) wrk -t2 "-c$connections" "-d${seconds}s" "${lua[@]}" "$url$path" | awk '/^Requests\/sec/ {print $2}' ;;
        oha) oha --no-tui -c "$connections" -z "${seconds}s" "$url$path" | awk '/Requests\/sec/ {print $2}' ;;
        bare) OTEL_TRACES_EXPORTER=none "${load[@]}" >/dev/null && reached ;;
        spans) "${load[@]}" >/dev/null && reached ;;
        verified) "${load[@]}" --verify >/dev/null && reached ;;
    esac
}

reached() { grep -o '"rate_reached": [0-9.]*' report.json | head -n 1 | grep -o '[0-9.]*$'; }

median() { sort -g | awk '{all[NR] = $1} END {printf "%.0f\n", all[int((NR + 1) / 2)]}'; }

compare() { # compare ROUTE TOOL...
    local route=$1 tool
    shift
    for _ in $(seq "$rounds"); do
        for tool in "$@"; do rate "$tool" "$route" >>"$tool.$route"; done
    done
    for tool in "$@"; do printf '%-10s %-9s %8s /s\n' "$route" "$tool" "$(median <"$tool.$route")"; done
}

echo "$connections connections, $rounds rounds of $seconds s each, median"
tools=(wrk bare spans)
command -v oha >/dev/null && tools+=(oha)
compare live "${tools[@]}"
compare process wrk bare spans verified
env time -v true 2>/dev/null || { echo 'memory not measured: GNU time is not here (apt-get install time)'; exit 0; }
env time -v "$bin/loadgen" --closed --connections "$connections" --requests "$traces" --verify --progress never 2>memory.txt
awk -F: '/Maximum resident/ {printf "loadgen held at most %.0f MiB while it verified\n", $2 / 1024}' memory.txt
