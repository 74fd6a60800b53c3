{{/* The variables that all four services share; README.md has the table of all. */}}
{{- define "tracechain.settings" -}}
HOST: {{ .Values.settings.host | quote }}
LOG_LEVEL: {{ .Values.settings.logLevel | quote }}
REQUEST_TIMEOUT_MS: {{ .Values.settings.requestTimeoutMs | int64 | quote }}
MAX_IN_FLIGHT: {{ .Values.settings.maxInFlight | int64 | quote }}
DRAIN_TIMEOUT_MS: {{ .Values.settings.drainTimeoutMs | int64 | quote }}
METRICS_PORT: {{ .Values.metrics.port | int64 | quote }}
OTEL_EXPORTER_OTLP_ENDPOINT: {{ include "tracechain.otlpEndpoint" . | quote }}
OTEL_EXPORTER_OTLP_PROTOCOL: {{ include "tracechain.otlpProtocol" . | quote }}
OTEL_TRACES_SAMPLER: {{ .Values.tracing.sampler | quote }}
OTEL_TRACES_SAMPLER_ARG: {{ .Values.tracing.samplerArg | quote }}
{{- end -}}

{{/* Those of one service, as a map of texts; the user's `env` goes over it. Takes (dict "root" $ "key" NAME "service" VALUES). */}}
{{- define "tracechain.variables" -}}
{{- $root := .root -}}
{{- $table := include "tracechain.services" $root | fromYaml -}}
{{- $own := index $table .key -}}
{{- $variables := dict "PORT" ($own.port | toString) "OTEL_RESOURCE_ATTRIBUTES" (include "tracechain.resourceAttributes" $root) -}}
{{- with $own.next -}}
{{- $_ := set $variables "NEXT_SERVICE_URL" (include "tracechain.url" (dict "root" $root "key" .)) -}}
{{- end -}}
{{- if eq .key "gateway" -}}
{{- $_ := set $variables "EDGE_TRUST" $root.Values.settings.edgeTrust -}}
{{- range $own.calls -}}
{{- $_ := set $variables (printf "%s_SERVICE_URL" (upper .)) (include "tracechain.url" (dict "root" $root "key" .)) -}}
{{- end -}}
{{- end -}}
{{- if $own.database -}}
{{- $_ := set $variables "DB_POOL_SIZE" ($root.Values.databases.poolSize | int64 | toString) -}}
{{- $_ := set $variables "DB_STARTUP_TIMEOUT_MS" ($root.Values.databases.startupTimeoutMs | int64 | toString) -}}
{{- end -}}
{{- mustMergeOverwrite $variables .service.env | toYaml -}}
{{- end -}}
