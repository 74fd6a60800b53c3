#!/usr/bin/env bash
# Gets axe-core's one script, out of its package in the npm registry: `bash infra/axe-core.sh VERSION FOLDER` leaves FOLDER/axe.min.js.
set -uo pipefail
version=$1
folder=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir -p "$folder" || exit 1
(cd "$work" && npm pack --silent "axe-core@$version" >/dev/null && tar -xzf axe-core-*.tgz package/axe.min.js) || exit 1
mv "$work/package/axe.min.js" "$folder/axe.min.js"
