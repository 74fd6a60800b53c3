#!/usr/bin/env bash
# Runs the test programs that cargo built, several at a time: most of their time they wait, for time-outs, scrapes and retries.
# Each one's output comes whole when it has ended, all of them run though one fails, and those that failed are named at the end.
# infra/test.sh sources this file. Uses of its caller: the array failed.
#
# TEST_JOBS is how many run at once; one per processor unless set.

test_programs() { # test_programs LIST: a file with cargo's lines "Executable tests/x.rs (path)"; runs them and the documentation's tests
    local list=$1 logs at_once=${TEST_JOBS:-$(nproc)} title program
    logs=$(mktemp -d) || return 1
    # They share one database server per engine, which ends with this process.
    export TRACECHAIN_TEST_RUN=$$
    # Tests of whole systems have a folder of their own and take longest: they begin, so that nothing long is left for the end.
    while IFS=$'\t' read -r title program; do
        [ "$(jobs -rp | wc -l)" -lt "$at_once" ] || wait -n
        test_program "$title" "$program" "$logs" &
    done < <(sed -n 's/^ *Executable \(.*\) (\(.*\))$/\1\t\2/p' "$list" | sed 's/^.*main\.rs\t/0&/; t; s/^/1/' | sort | cut -c2-)
    wait
    cargo test --doc --workspace || echo 'documentation' >>"$logs/failed"
    [ ! -s "$logs/failed" ]
    local status=$?
    while read -r title; do failed+=("test $title"); done < <(sort "$logs/failed" 2>/dev/null)
    rm -rf "$logs"
    return "$status"
}

test_program() { # test_program TITLE PROGRAM LOGS
    local title=$1 program=$2 log from=$SECONDS result=ok
    log=$3/$(basename "$program")
    "$program" >"$log" 2>&1 || { result=FAILED; echo "$title ($(basename "$program"))" >>"$3/failed"; }
    # One writer at a time, so that two outputs do not mix.
    flock "$3" bash -c 'printf "\n== %s: %s after %s s\n" "$1" "$2" "$3"; cat "$4"' - "$title" "$result" $((SECONDS - from)) "$log"
    rm -f "$log"
}
