#!/usr/bin/env bash
# Measures throughput with telemetry on and off, the databases' own limit and resident memory, all in one run.
# BENCH_SECONDS sets the length of a round (10). `infra/bench.sh db-comments` compares DB_COMMENTS=on with off instead. Needs what
# infra/test.sh installs.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --release
cargo bench -p testbed --bench chain -- "$@"
