{{/* What the schema cannot say, as one value decides about another. Each ends with what to do. */}}
{{- define "tracechain.checks" -}}
{{- if and (not .Values.databases.enabled) (not .Values.databases.existingSecret) -}}
{{- fail "databases.existingSecret is empty, so there are no databases: name the Secret that holds their addresses, or set databases.enabled=true to try it out" -}}
{{- end -}}
{{- range $key, $own := include "tracechain.services" . | fromYaml -}}
{{- if eq (int64 $.Values.metrics.port) (int64 $own.port) -}}
{{- fail (printf "metrics.port is %v, which is the port of %s: give /metrics one of its own, such as 9464" $own.port $own.component) -}}
{{- end -}}
{{- end -}}
{{- $address := "^https?://([^][/:@?# ]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]+)?" -}}
{{- if not (regexMatch (print $address "(/[^@?# ]*)?$") .Values.otlp.endpoint) -}}
{{- fail (printf "otlp.endpoint is '%s': give http:// or https://, a host, and a port if it is not the scheme's, such as http://otel-agent:4318; what it asks for as a proof goes into the Secret of otlp.headers" .Values.otlp.endpoint) -}}
{{- end -}}
{{- if and (eq .Values.otlp.protocol "grpc") (not (regexMatch (print $address "/?$") .Values.otlp.endpoint)) -}}
{{- fail (printf "otlp.endpoint is '%s', but gRPC has no path: leave it out, or set otlp.protocol=http/protobuf" .Values.otlp.endpoint) -}}
{{- end -}}
{{- if not (regexMatch (print $address "/?$") .Values.traces.url) -}}
{{- fail (printf "traces.url is '%s': give http:// or https://, a host, and a port if it is not the scheme's, such as http://tempo-query-frontend:3200" .Values.traces.url) -}}
{{- end -}}
{{- range .Values.ingress.hosts -}}
{{- if or (gt (len .) 253) (not (regexMatch "^(\\*\\.)?[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$" .)) -}}
{{- fail (printf "ingress.hosts: '%s' is no name of a host: give lower-case letters, digits and hyphens between dots, such as tracechain.example.org or *.example.org" .) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.loadgen.enabled .Values.loadgen.verify (eq .Values.settings.edgeTrust "restart") -}}
{{- fail "loadgen.verify: with settings.edgeTrust=restart the gateway leaves the load generator's traces and begins its own, so none can be whole; set loadgen.verify=false, or edgeTrust=continue" -}}
{{- end -}}
{{- $ours := list "PORT" "HOST" "METRICS_PORT" "DRAIN_TIMEOUT_MS" "DATABASE_URL" "DB_POOL_SIZE" "DB_STARTUP_TIMEOUT_MS" "API_TOKEN" "EDGE_TRUST" "OTEL_EXPORTER_OTLP_ENDPOINT" "OTEL_EXPORTER_OTLP_PROTOCOL" "OTEL_EXPORTER_OTLP_HEADERS" "OTEL_RESOURCE_ATTRIBUTES" -}}
{{- range $where := list "service" "gateway" "user" "order" "audit" -}}
{{- range $name, $_ := (index $.Values $where).env | default dict -}}
{{- if or (has $name $ours) (hasPrefix "K8S_" $name) -}}
{{- fail (printf "%s.env.%s: other parts of the chart follow from this one; set it by its own value (values.yaml has all)" $where $name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- range $key := list "gateway" "user" "order" "audit" -}}
{{- $scaling := (mustMergeOverwrite (deepCopy $.Values.service) (index $.Values $key)).autoscaling -}}
{{- if and $scaling.enabled (lt (int64 $scaling.maxReplicas) (int64 $scaling.minReplicas)) -}}
{{- fail (printf "%s.autoscaling: maxReplicas is %v and minReplicas is %v; maxReplicas has to be at least minReplicas" $key $scaling.maxReplicas $scaling.minReplicas) -}}
{{- end -}}
{{- end -}}
{{- end -}}
