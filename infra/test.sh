#!/usr/bin/env bash
# The one test command: gets the real databases and programs that are missing, runs `cargo test --workspace`, and says at the end
# how long each stage took and what could not be run. Its exit status is that of cargo, or 1 where something that has to be had
# could not be: a program that does not build, and, with CI=true, one that is missing.
# `--quick` as the first argument leaves out what is not here yet. Other arguments go to `cargo test`
# (`infra/test.sh -p order-service`); without any, the whole workspace is tested, several programs at a time (TEST_JOBS).
# Works as root and, for what is installed already, without; needs no terminal. Safe to interrupt and to run again.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
exec </dev/null

quick=no
[ "${1:-}" != --quick ] || { quick=yes; shift; }
# Before TRACECHAIN_CACHE gets a value below: without one, programs are kept outside the checkout, for all checkouts.
source infra/programs.sh
source infra/test-programs.sh
cache=${TRACECHAIN_CACHE:-$PWD/.cache}
mkdir -p "$cache" || exit 1
cache=$(cd "$cache" && pwd)
export TRACECHAIN_CACHE=$cache
report=$(mktemp) || exit 1
trap 'rm -rf "$report" "${objects:-}"' EXIT
export TRACECHAIN_NOT_RUN_REPORT=$report

times=()
failed=()
not_run=()   # "name=reason"; the tests read the names, the reader of the last lines gets the reasons

stage() { # stage NAME COMMAND...
    local name=$1 from=$SECONDS status
    shift
    printf '== %s\n' "$name"
    "$@"
    status=$?
    times+=("$(printf '%5d s  %s' $((SECONDS - from)) "$name")")
    return "$status"
}

cannot_run() { # cannot_run NAME REASON
    printf 'not run: %s (%s)\n' "$1" "$2"
    not_run+=("$1=$2")
}

has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
has_mariadb() { [ -x /usr/sbin/mariadbd ] && [ -x /usr/bin/mariadb-install-db ]; }
has_mysql() { [ -x "$cache/mysql/usr/sbin/mysqld" ] || own_mysqld; }
# The MariaDB package installs a link of this name; a distribution with a real MySQL has the real file.
own_mysqld() { [ -x /usr/sbin/mysqld ] && [ ! -L /usr/sbin/mysqld ]; }
has_faketime() { compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null; }
has_compiler() { command -v cc >/dev/null; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 "$@"
}

packages() {
    local missing=()
    has_compiler || missing+=(gcc libc6-dev)
    has_postgres || missing+=(postgresql)
    has_mariadb || missing+=(mariadb-server)
    { has_program prometheus && has_program promtool; } || missing+=(prometheus)
    has_program nginx || missing+=(nginx)
    { has_program chromium && has_program chromedriver; } || missing+=(chromium chromium-driver)
    has_faketime || missing+=(libfaketime)
    [ ${#missing[@]} = 0 ] && return 0
    if [ "$quick" = yes ]; then
        echo "--quick: left out: ${missing[*]}"
    elif ! command -v apt-get >/dev/null; then
        echo "There is no apt-get here. Install by hand: ${missing[*]}"
    elif [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
        echo "Installing needs root. Run once as root: apt-get install ${missing[*]}"
    else
        # Debian starts what it installs, on the standard ports. The tests start programs of their own on others, and leave those alone.
        apt_get update && apt_get install --no-install-recommends "${missing[@]}"
    fi
}

# A real MySQL is in no stable Debian. apt itself, with a private state folder, fetches it with all its libraries from
# the mirror that this machine already uses; it is only unpacked, never installed, so it needs no root and changes nothing outside the cache.
mysql_tree() {
    has_mysql && return 0
    if [ "$quick" = yes ]; then
        cannot_run mysql 'not here yet, and this is --quick'
        return 0
    fi
    if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
        cannot_run mysql 'no apt-get here, and no mysqld'
        return 0
    fi
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    if [ -z "$mirror" ]; then
        cannot_run mysql 'no Debian mirror is known to apt here; if there should be one, run apt-get update'
        return 0
    fi
    build_mysql_tree "$mirror" 9>"$cache/mysql.lock"
}

# Builds beside its place and is moved there whole, so an interrupted run leaves nothing half; two runs at once build once.
build_mysql_tree() { # build_mysql_tree MIRROR, with the lock as file descriptor 9
    local work
    flock 9
    has_mysql && return 0
    rm -rf "$cache"/mysql.building.*
    work=$(mktemp -d "$cache/mysql.building.XXXXXX") || return 1
    if fetch_mysql "$1" "$work" >"$work/log" 2>&1; then
        chmod 755 "$work/tree" && mv "$work/tree" "$cache/mysql"
    else
        tail -n 20 "$work/log"
        cannot_run mysql 'could not be fetched from the Debian mirror of this machine'
    fi
    rm -rf "$work"
}

fetch_mysql() { # fetch_mysql MIRROR FOLDER
    local work=$2 keyring=/usr/share/keyrings/debian-archive-keyring.gpg deb
    mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/tree"
    echo "deb [signed-by=$keyring] $1 sid main" >"$work/sources"
    : >"$work/status"
    # The signature is checked; the age is not, because a mirror that stands still (a snapshot) serves a MySQL just as real.
    local apt=(apt-get -q -y -o Acquire::Check-Valid-Until=false -o Dir::State="$work" -o Dir::State::lists="$work/lists" -o Dir::State::status="$work/status"
        -o Dir::Cache="$work" -o Dir::Etc::sourcelist="$work/sources" -o Dir::Etc::sourceparts=- -o Dir::Etc::preferencesparts=-
        -o APT::Sandbox::User="$(id -un)" -o Debug::NoLocking=1 -o Acquire::Languages=none -o APT::Install-Recommends=0)
    "${apt[@]}" update && "${apt[@]}" install --download-only mysql-server-core || return 1
    for deb in "$work"/archives/*.deb; do
        dpkg -x "$deb" "$work/tree" || return 1
    done
    [ -x "$work/tree/usr/sbin/mysqld" ]
}

summary() {
    printf '\n== times\n'
    printf '%s\n' "${times[@]}"
    printf '\n== not run\n'
    local entry
    for entry in "${not_run[@]+"${not_run[@]}"}"; do
        printf 'not run: %s (%s)\n' "${entry%%=*}" "${entry#*=}"
    done
    sort -u "$report"
    [ ${#not_run[@]} = 0 ] && [ ! -s "$report" ] && echo 'nothing: everything was run'
}

if ! command -v cargo >/dev/null; then
    echo 'cargo is not here. Install Rust 1.94 or later (https://rustup.rs), then run this again.'
    exit 1
fi
stage packages packages
has_compiler || { echo 'There is no C compiler (cc), which two of the dependencies need. Install gcc and libc6-dev.'; exit 1; }
has_postgres || cannot_run postgres 'package postgresql is not installed'
has_mariadb || cannot_run mariadb 'package mariadb-server is not installed'
stage mysql mysql_tree
stage programs all_programs

listed=("${not_run[@]+"${not_run[@]%%=*}"}")
TRACECHAIN_NOT_RUN=$(IFS=,; echo "${listed[*]+"${listed[*]}"}")
export TRACECHAIN_NOT_RUN

# Without arguments the programs run as infra/test-programs.sh says; with some, as cargo runs them.
built=$(mktemp) || exit 1
trap 'rm -rf "$report" "$built" "${objects:-}"' EXIT
arguments=("$@")
[ $# -gt 0 ] || arguments=(--workspace)
build() { cargo test --no-run "${arguments[@]}" 2>&1 | tee "$built"; }
stage "cargo test ${arguments[*]} (build)" build
status=$?
if [ "$status" = 0 ]; then
    if [ $# = 0 ]; then stage 'tests' test_programs "$built"; else stage "cargo test $* (run)" cargo test "$@"; fi
    status=$?
fi
summary
if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}"
    exit 1
fi
exit "$status"
