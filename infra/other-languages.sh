#!/usr/bin/env bash
# Gets other people's instrumentation, for the tests that put a hop of another language into the chain:
# `bash infra/other-languages.sh python|node|java FOLDER` leaves FOLDER/hop-<language>. Versions are pinned here.
# python: Flask and OpenTelemetry's distribution, from the Python package index. node: OpenTelemetry's automatic instrumentation, from the npm
# registry. java: OpenTelemetry's agent, from Maven Central.
set -euo pipefail

language=$1 folder=$2
python_packages=(flask==3.1.3 requests==2.34.2 waitress==3.0.2 opentelemetry-distro==0.66b1 opentelemetry-exporter-otlp-proto-http==1.45.1
    opentelemetry-instrumentation-flask==0.66b1 opentelemetry-instrumentation-requests==0.66b1)
node_packages=(@opentelemetry/api@1.10.0 @opentelemetry/auto-instrumentations-node@0.82.0)
java_agent=2.33.1

mkdir -p "$folder"
place=$folder/hop-$language
rm -rf "$place" && mkdir "$place"
case $language in
    # Not moved afterwards: a virtual environment knows its own path.
    python) python3 -m venv "$place" && "$place/bin/pip" install --quiet --disable-pip-version-check "${python_packages[@]}" ;;
    node) cd "$place" && echo '{"private": true}' >package.json && npm install --silent --no-audit --no-fund "${node_packages[@]}" ;;
    java) mvn --quiet --batch-mode dependency:copy "-Dartifact=io.opentelemetry.javaagent:opentelemetry-javaagent:$java_agent" \
        -DoutputDirectory="$place" -Dmdep.stripVersion=true ;;
    *) echo "$language is not python, node or java" >&2; exit 2 ;;
esac
