#!/usr/bin/env bash
# Runs fuzz targets on stable Rust: fuzz/run.sh [SECONDS [TARGET...]], 60 seconds each and all of them unless told otherwise.
# What makes one fail lies in fuzz/artifacts/<target>; run the program with that file to see it again. What was found to reach new
# code is kept in fuzz/corpus/<target>, beside the seeds, and is where the next run begins.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
seconds=${1:-60}
[ $# = 0 ] || shift
[ $# -gt 0 ] || set -- trace_context traceql otlp_protobuf otlp_json request_body scenario contract

bins=()
for target in "$@"; do bins+=(--bin "$target"); done
RUSTC_WRAPPER=$PWD/instrument.sh cargo build --target-dir target "${bins[@]}"

failed=()
for target in "$@"; do
    mkdir -p "corpus/$target" "artifacts/$target"
    printf '\n== %s\n' "$target"
    "target/debug/$target" -max_total_time="$seconds" -rss_limit_mb=1024 -timeout=10 -print_final_stats=1 \
        -artifact_prefix="artifacts/$target/" "corpus/$target" "seeds/$target" || failed+=("$target")
done
[ ${#failed[@]} = 0 ] || { printf 'failed: %s\n' "${failed[*]}"; exit 1; }
