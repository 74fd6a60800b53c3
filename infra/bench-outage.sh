#!/usr/bin/env bash
# Measures whether callers notice that the Collector is away: latency at a steady rate before, during and after an outage of the real one, in
# one run on one machine, and the account of the spans at its end. BENCH_RATE sets requests a second (40), BENCH_SECONDS the length of each
# of the three rounds (20). The Collector is the one that infra/programs.sh builds; nothing is behind it, so what it takes it keeps.
# On a machine with other work: chrt -r 5 bash infra/bench-outage.sh. Needs the standard ports free, and jq (apt-get install jq).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
command -v jq >/dev/null || { echo 'jq is not here: apt-get install jq'; exit 1; }
programs=${TRACECHAIN_CACHE:-$HOME/.cache/tracechain}/bin
collector=$(command -v otelcol-contrib || echo "$programs/otelcol-tracechain")
[ -x "$collector" ] || { echo 'there is no Collector: bash infra/programs.sh builds it'; exit 1; }
cargo build --release -p standalone -p loadgen

rate=${BENCH_RATE:-40}
seconds=${BENCH_SECONDS:-20}
root=$PWD
bin=$root/target/release
work=$(mktemp -d)
system='' running=''
trap 'kill $system $running 2>/dev/null || true; wait; rm -rf "$work"' EXIT
cd "$work"

start_collector() {
    COLLECTOR_HOST=127.0.0.1 COLLECTOR_STORAGE=$work/queue TEMPO_ENDPOINT=127.0.0.1:1 LOKI_ENDPOINT=http://127.0.0.1:1/otlp \
        "$collector" --config="$root/infra/otel-collector.yaml" >>collector.log 2>&1 &
    running=$!
    until "$bin/tracechain" health http://127.0.0.1:13133/ >/dev/null 2>&1; do
        kill -0 "$running" || { tail -n 5 collector.log; exit 1; }
        sleep 0.2
    done
}

start_collector
OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318 OTEL_BSP_MAX_QUEUE_SIZE=8192 OTEL_BLRP_MAX_QUEUE_SIZE=8192 "$bin/tracechain" >tracechain.log 2>&1 &
system=$!
until grep -q 'curl -X POST' tracechain.log; do
    kill -0 "$system" || { cat tracechain.log; exit 1; }
    sleep 0.2
done

load() { # load ROUND
    OTEL_TRACES_EXPORTER=none "$bin/loadgen" --rate "$rate" --duration "${seconds}s" --progress never --report "$1.json" >/dev/null
    jq -r --arg round "$1" '.total as $t | "\($round)  \($t.requests) requests, \($t.errors) errors  p50 \($t.latency.p50_ms) ms  p99 \($t.latency.p99_ms) ms"' "$1.json"
}

memory() { # the largest of the services, MiB
    for process in $(pgrep -P "$system"); do awk '/VmHWM/ {print $2 / 1024}' "/proc/$process/status"; done | sort -g | tail -n 1
}

OTEL_TRACES_EXPORTER=none "$bin/loadgen" --rate "$rate" --duration 5s --progress never >/dev/null
load before
printf 'largest service so far: %.0f MiB\n' "$(memory)"
kill "$running"
wait "$running" || true
load during
printf 'largest service so far: %.0f MiB\n' "$(memory)"
start_collector
load after

account() { curl -s "http://127.0.0.1:$1/metrics" | awk '/^otel_sdk_spans_/ {sub(/_total/, "", $1); sub(/otel_sdk_spans_/, "", $1); printf "%s %d  ", $1, $2}'; }
for port in 5000 5001 5002 5003; do printf '%s: ' "$port"; account "$port"; echo; done
