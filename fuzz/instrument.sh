#!/usr/bin/env bash
# What fuzz/run.sh has cargo call in the place of rustc: our own crates get the coverage that libFuzzer is led by, with flags that
# stable Rust has, and all others are compiled as ever. A sanitizer would need nightly, and there is no unsafe code for it to look at.
set -euo pipefail
rustc=$1
shift
name=''
[ "${1:-}" != --crate-name ] || name=$2
case $name in
shared | viewer | loadgen | trace_context | traceql | otlp_protobuf | otlp_json | request_body | scenario | contract)
    exec "$rustc" "$@" --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
        -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
        -Cllvm-args=-sanitizer-coverage-trace-compares
    ;;
esac
exec "$rustc" "$@"
