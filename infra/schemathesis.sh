#!/usr/bin/env bash
# Gets schemathesis, which asks a service everything that its OpenAPI document allows and forbids, into a folder:
# `bash infra/schemathesis.sh VERSION FOLDER`. It is a Python package: pip puts it and what it needs beside a small script that runs it; nothing is
# installed.
set -euo pipefail

version=$1 folder=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"
python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
    --target "$work/library" "schemathesis==$version"
cat >"$work/program" <<'END'
#!/bin/sh
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$(dirname "$0")/schemathesis.library" exec python3 -c 'from schemathesis.cli import schemathesis; schemathesis()' "$@"
END
chmod 755 "$work/program"
PYTHONPATH=$work/library python3 -c 'from schemathesis.cli import schemathesis; schemathesis()' --version >/dev/null
# Moved whole into their places: an interrupted run leaves nothing half.
rm -rf "$folder/schemathesis.library" "$folder/schemathesis.library.new"
mv "$work/library" "$folder/schemathesis.library.new"
mv "$folder/schemathesis.library.new" "$folder/schemathesis.library"
mv "$work/program" "$folder/schemathesis"
