#!/usr/bin/env bash
# Gets kubernetes-validate, which has Kubernetes' own schemas, into a folder: `bash infra/kubernetes-validate.sh VERSION FOLDER`. It is a Python package:
# pip puts it and what it needs beside a small script that runs it; nothing is installed.
set -euo pipefail

version=$1 folder=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder"
python3 -m pip install --quiet --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
    --only-binary=:all: --target "$work/library" "kubernetes-validate==$version"
cat >"$work/program" <<'END'
#!/bin/sh
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$(dirname "$0")/kubernetes-validate.library" exec python3 -m kubernetes_validate "$@"
END
chmod 755 "$work/program"
PYTHONPATH=$work/library python3 -m kubernetes_validate --version >/dev/null
# Moved whole into their places: an interrupted run leaves nothing half.
rm -rf "$folder/kubernetes-validate.library" "$folder/kubernetes-validate.library.new"
mv "$work/library" "$folder/kubernetes-validate.library.new"
mv "$folder/kubernetes-validate.library.new" "$folder/kubernetes-validate.library"
mv "$work/program" "$folder/kubernetes-validate"
