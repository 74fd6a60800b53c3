#!/usr/bin/env bash
# Measures what docs/scale.md computes with, and prints it as docs/scale-inputs.toml has it: processor time, spans, bytes and series per request.
#   cargo build --release && bash infra/measure-scale.sh >docs/scale-inputs.toml
# RATE (50) requests/s for SECONDS_EACH (20) in each of three runs: into the Collector and Tempo, and into a counter of bytes without and with gzip.
# Needs what infra/test.sh installs; without TEMPO_BIN the lines of Tempo are left out. Processor time per request hardly depends on what else the machine
# does, unlike requests per second: it may be run beside other work.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rate=${RATE:-50} seconds=${SECONDS_EACH:-20}
requests=$((rate * seconds))
collector=$(command -v otelcol-tracechain || echo "${TRACECHAIN_CACHE:-$HOME/.cache/tracechain}/bin/otelcol-tracechain")
tempo=${TEMPO_BIN:-$(command -v tempo || true)}
work=$(mktemp -d)
chmod 755 "$work"
started=()
declare -A pid
trap 'stop "${started[@]}"; rm -rf "$work"' EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
wait_for() { for _ in $(seq 600); do "$@" >/dev/null 2>&1 && return 0; sleep 0.1; done; echo "not ready: $*" >&2; return 1; }
answers() { curl -fsS -o /dev/null "$1"; }

run() { # run NAME COMMAND...: in the background, its output into a file
    local name=$1
    shift
    "$@" >"$work/$name.out" 2>"$work/$name.err" &
    pid[$name]=$!
    started+=($!)
}

stop() {
    local one
    for one in "$@"; do kill -TERM "$one" 2>/dev/null || true; done
    for one in "$@"; do wait "$one" 2>/dev/null || true; done
}

# As the packages' own users, since neither server runs as root.
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid="$1" --regid="$1" --clear-groups "${@:2}"; else "${@:2}"; fi; }

databases() {
    local bin
    bin=$(dirname "$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)")
    postgres_port=$(free_port) mariadb_port=$(free_port)
    install -d -m 700 "$work/postgres" "$work/mariadb"
    [ "$(id -u)" != 0 ] || { chown postgres "$work/postgres"; chown mysql "$work/mariadb"; }
    as postgres "$bin/initdb" --auth=trust --encoding=UTF8 --locale=C.UTF-8 -U tracechain -D "$work/postgres" >"$work/initdb.out"
    run postgres as postgres "$bin/postgres" -D "$work/postgres" -c port="$postgres_port" -c listen_addresses=127.0.0.1 -c unix_socket_directories=
    as mysql mariadb-install-db --no-defaults --basedir=/usr --auth-root-authentication-method=normal --skip-test-db --datadir="$work/mariadb" >"$work/install-db.out"
    printf '%s\n' 'CREATE DATABASE orders;' "CREATE USER tracechain@'%' IDENTIFIED BY 'measured';" "GRANT ALL ON orders.* TO tracechain@'%';" >"$work/init.sql"
    run mariadb as mysql /usr/sbin/mariadbd --no-defaults --datadir="$work/mariadb" --port="$mariadb_port" --bind-address=127.0.0.1 --skip-name-resolve \
        --socket="$work/mariadb/socket" --pid-file="$work/mariadb/pid" --init-file="$work/init.sql" --performance-schema=OFF
    local psql=(psql --host=127.0.0.1 --port="$postgres_port" --username=tracechain)
    wait_for "${psql[@]}" --dbname=postgres --command='SELECT 1'
    "${psql[@]}" --quiet --dbname=postgres --command='CREATE DATABASE users' --command='CREATE DATABASE audit'
    wait_for mariadb --no-defaults --host=127.0.0.1 --port="$mariadb_port" --user=tracechain --password=measured --execute='SELECT 1' orders
}

# The chain by its launcher, with spans and logs to an endpoint.
chain() { # chain ENDPOINT [VARIABLE=VALUE...]
    local endpoint=$1 service
    shift
    gateway_port=$(free_port)
    run launcher env -i PATH="$PATH" "$@" EDGE_PORT="$(free_port)" GATEWAY_PORT="$gateway_port" \
        USER_PORT="$(free_port)" ORDER_PORT="$(free_port)" AUDIT_PORT="$(free_port)" OTEL_EXPORTER_OTLP_ENDPOINT="$endpoint" \
        USER_DATABASE_URL="postgres://tracechain@127.0.0.1:$postgres_port/users" AUDIT_DATABASE_URL="postgres://tracechain@127.0.0.1:$postgres_port/audit" \
        ORDER_DATABASE_URL="mysql://tracechain:measured@127.0.0.1:$mariadb_port/orders" target/release/tracechain
    wait_for answers "http://127.0.0.1:$gateway_port/health/ready"
    for service in gateway user order audit; do
        pid[$service]=$(pgrep -P "${pid[launcher]}" -f " $service( |\$)")
    done
}

load() { # load ENDPOINT: spans of the load generator too
    OTEL_EXPORTER_OTLP_ENDPOINT=$1 target/release/loadgen --target "http://127.0.0.1:$gateway_port" --rate "$rate" --requests "$requests" --progress never >"$work/load.out" 2>&1 ||
        { cat "$work/load.out" >&2; return 1; }
}

below() { # below PID: it and all that it has started
    local one
    echo "$1"
    for one in $(pgrep -P "$1" || true); do below "$one"; done
}

# Milliseconds of processor time of a process and all below it.
busy() {
    local one sum=0 stat
    for one in $(below "$1"); do
        stat=$(sed 's/.*) //' "/proc/$one/stat" 2>/dev/null) || continue
        sum=$((sum + $(awk '{print $12 + $13}' <<<"$stat")))
    done
    echo $((sum * 1000 / $(getconf CLK_TCK)))
}

# What the rows take, indexes included.
rows_postgres() { psql --host=127.0.0.1 --port="$postgres_port" --username=tracechain --dbname="$1" -Atc "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"; }
rows_mariadb() {
    local mysql=(mariadb --no-defaults --host=127.0.0.1 --port="$mariadb_port" --user=tracechain --password=measured -BN orders)
    "${mysql[@]}" --execute='ANALYZE TABLE orders, order_items' >/dev/null
    "${mysql[@]}" --execute="SELECT sum(data_length + index_length) FROM information_schema.tables WHERE table_schema = 'orders'"
}

service_port() { tr '\0' '\n' <"/proc/${pid[$1]}/environ" | sed -n 's/^PORT=//p'; }
metrics() { curl -fsS "http://127.0.0.1:$(service_port "$1")/metrics"; }
per_request() { awk -v sum="$1" -v n="${2:-$requests}" 'BEGIN { printf "%.3f", sum / n }'; }
value() { printf '%-32s = %s\n' "$1" "$2"; }

databases

# --- into the Collector and Tempo
otlp=$(free_port)
if [ -n "$tempo" ]; then
    tempo_otlp=$(free_port) tempo_http=$(free_port)
    run tempo env TEMPO_HOST=127.0.0.1 TEMPO_HTTP_PORT="$tempo_http" TEMPO_GRPC_PORT="$(free_port)" TEMPO_OTLP_GRPC_PORT="$tempo_otlp" TEMPO_PATH="$work/tempo" \
        PROMETHEUS_URL=http://127.0.0.1:1 "$tempo" -config.file=infra/tempo.yaml -config.expand-env=true
    wait_for answers "http://127.0.0.1:$tempo_http/ready"
fi
run collector env COLLECTOR_HOST=127.0.0.1 COLLECTOR_STORAGE="$work/collector" COLLECTOR_OTLP_HTTP_PORT="$otlp" COLLECTOR_OTLP_GRPC_PORT="$(free_port)" \
    COLLECTOR_METRICS_PORT="$(free_port)" COLLECTOR_PROMETHEUS_PORT="$(free_port)" COLLECTOR_HEALTH_PORT="$(free_port)" COLLECTOR_PPROF_PORT="$(free_port)" \
    COLLECTOR_ZPAGES_PORT="$(free_port)" TEMPO_ENDPOINT="127.0.0.1:${tempo_otlp:-1}" LOKI_ENDPOINT=http://127.0.0.1:1/otlp "$collector" --config=infra/otel-collector.yaml
wait_for curl -sS -o /dev/null "http://127.0.0.1:$otlp/"
chain "http://127.0.0.1:$otlp"
requests_measured=$requests
requests=100 && load "http://127.0.0.1:$otlp" && requests=$requests_measured
watched=(gateway user order audit postgres mariadb collector ${tempo:+tempo})
declare -A before spans_before series spans
for one in "${watched[@]}"; do before[$one]=$(busy "${pid[$one]}"); done
for one in gateway user order audit; do spans_before[$one]=$(metrics "$one" | awk '$1 == "otel_sdk_spans_ended_total" {print $2}'); done
postgres_before=$(($(rows_postgres users) + $(rows_postgres audit))) mariadb_before=$(rows_mariadb)
log_before=$(wc -c <"$work/launcher.out")
load "http://127.0.0.1:$otlp"
sleep 3
declare -A took
for one in "${watched[@]}"; do took[$one]=$(($(busy "${pid[$one]}") - before[$one])); done
span_sum=$requests
for one in gateway user order audit; do
    spans[$one]=$(($(metrics "$one" | awk '$1 == "otel_sdk_spans_ended_total" {print $2}') - spans_before[$one]))
    span_sum=$((span_sum + spans[$one]))
    series[$one]=$(metrics "$one" | grep -c -v '^#')
done
postgres_rows=$(($(rows_postgres users) + $(rows_postgres audit) - postgres_before)) mariadb_rows=$(($(rows_mariadb) - mariadb_before))
log_bytes=$(($(wc -c <"$work/launcher.out") - log_before))
stop "${pid[launcher]}" "${pid[collector]}"
if [ -n "$tempo" ]; then
    # A block is what is kept; its meta.json says how large its columns are and how many traces they hold.
    block() { cat "$work"/tempo/blocks/single-tenant/*/meta.json; }
    wait_for block
    tempo_bytes=$(block | grep -o '"size":[0-9]*' | awk -F: '{s += $2} END {print s}')
    tempo_traces=$(block | grep -o '"totalObjects":[0-9]*' | awk -F: '{s += $2} END {print s}')
    stop "${pid[tempo]}"
fi

# --- into a counter of bytes
cat >"$work/counter.py" <<'END'
import http.server, sys
counts = {}
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        size = int(self.headers["Content-Length"])
        self.rfile.read(size)
        counts[self.path] = counts.get(self.path, 0) + size
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def do_GET(self):
        body = "".join(f"{path} {size}\n" for path, size in counts.items()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
END
counted() { # counted VARIABLE=VALUE...: bytes of spans and of log records
    local port bytes
    port=$(free_port)
    run counter python3 "$work/counter.py" "$port"
    wait_for answers "http://127.0.0.1:$port/"
    chain "http://127.0.0.1:$port" "$@"
    load "http://127.0.0.1:$port"
    stop "${pid[launcher]}"
    bytes=$(curl -fsS "http://127.0.0.1:$port/")
    stop "${pid[counter]}"
    awk '$1 == "/v1/traces" {t = $2} $1 == "/v1/logs" {l = $2} END {print t, l}' <<<"$bytes"
}
read -r plain_spans plain_logs < <(counted LOG_LEVEL=info)
read -r gzip_spans gzip_logs < <(counted OTEL_EXPORTER_OTLP_COMPRESSION=gzip)

echo "# Measured by infra/measure-scale.sh on $(date -u +%Y-%m-%d): $(nproc) cores ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), $requests requests at $rate/s, load and"
echo "# all servers on the same machine. Times are milliseconds of processor time for one POST /api/v1/process, sizes are bytes."
echo
echo '[cpu_ms_per_request]'
for one in gateway user order audit postgres mariadb; do value "$one" "$(per_request "${took[$one]}")"; done
echo
echo '[row_bytes_per_request]'
value postgres "$(per_request "$postgres_rows")"
value mariadb "$(per_request "$mariadb_rows")"
echo
echo '[telemetry]'
value spans_per_request "$(per_request "$span_sum")"
value collector_cpu_ms_per_request "$(per_request "${took[collector]}")"
[ -z "$tempo" ] || value tempo_cpu_ms_per_request "$(per_request "${took[tempo]}")"
value span_bytes_on_the_wire "$(per_request "$plain_spans" "$span_sum")"
value span_bytes_on_the_wire_gzip "$(per_request "$gzip_spans" "$span_sum")"
[ -z "$tempo" ] || value span_bytes_in_tempo "$(per_request "$tempo_bytes" "$((tempo_traces * span_sum / requests))")"
value log_bytes_per_request "$(per_request "$log_bytes")"
value log_bytes_on_the_wire "$(per_request "$plain_logs")"
value log_bytes_on_the_wire_gzip "$(per_request "$gzip_logs")"
echo
echo '[series]'
for one in gateway user order audit; do value "$one" "${series[$one]}"; done
