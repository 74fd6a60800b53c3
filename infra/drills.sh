#!/usr/bin/env bash
# The drills: breaks a running system in every way that it promises to survive, under load, and prints a row for each: what was
# answered, what is in the databases, which traces are whole, and `lost 0` at the end. Exit code 1 if anything is lost.
#   bash infra/drills.sh [--list] [--only NAME]... [--duration 30s] [--rate 50] [--help]
# Needs what infra/test.sh installs. libfaketime, for the clock that jumps, is installed here where it is missing and can be.
# TRACECHAIN_PROGRAMS names a folder with tracechain and loadgen where they are not to be built, such as target/release.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

has_faketime() { compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null; }
if ! has_faketime && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends libfaketime >/dev/null ||
        echo 'libfaketime could not be installed: the drill of the clock cannot be run' >&2
fi
# 10,000 connections are 10,000 open files.
ulimit -n "$(ulimit -Hn)"

if [ -n "${TRACECHAIN_PROGRAMS:-}" ]; then
    TRACECHAIN_PROGRAMS=$(realpath "$TRACECHAIN_PROGRAMS")
    for program in tracechain loadgen; do
        [ -x "$TRACECHAIN_PROGRAMS/$program" ] && continue
        echo "TRACECHAIN_PROGRAMS: there is no $program in $TRACECHAIN_PROGRAMS; build it, or leave the variable out" >&2
        exit 2
    done
    cargo build -q -p testbed --bin drills
    exec target/debug/drills "$@"
fi
cargo build -q --release -p standalone -p loadgen -p testbed --bins
exec target/release/drills "$@"
