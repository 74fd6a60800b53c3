{{/* Names, labels and the one table of the four services. */}}

{{- define "tracechain.fullname" -}}
{{- $full := .Values.fullnameOverride -}}
{{- if not $full -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- $full = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- end -}}
{{- /* A release may be called `1.2`; a Service may not: its name has no dot and begins with a letter. */ -}}
{{- if regexMatch "^[0-9]" $full -}}{{- $full = printf "x%s" $full -}}{{- end -}}
{{- $full | replace "." "-" | trunc 40 | trimAll "-" -}}
{{- end -}}

{{/* What a pod is found by: never changes in the life of a release. Takes (dict "root" $ "component" NAME). */}}
{{- define "tracechain.selector" -}}
app.kubernetes.io/name: {{ default .root.Chart.Name .root.Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{- define "tracechain.labels" -}}
{{ include "tracechain.selector" . }}
app.kubernetes.io/part-of: tracechain
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The four, by the name that their values have. `component` is service.name; `calls` are the hops of the chain and the gateway's reads. */}}
{{- define "tracechain.services" -}}
gateway: {component: gateway, port: 5000, next: user, calls: [user, order, audit]}
user: {component: user-service, port: 5001, next: order, calls: [order], database: postgres}
order: {component: order-service, port: 5002, next: audit, calls: [audit], database: mysql}
audit: {component: audit-service, port: 5003, calls: [], database: postgres}
{{- end -}}

{{/* http://HOST:PORT of a service. Takes (dict "root" $ "key" NAME). */}}
{{- define "tracechain.url" -}}
{{- $service := index (include "tracechain.services" .root | fromYaml) .key -}}
http://{{ include "tracechain.fullname" .root }}-{{ $service.component }}:{{ $service.port }}
{{- end -}}

{{- define "tracechain.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ default $.Chart.AppVersion .tag }}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tracechain.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "tracechain.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The Secret with the three addresses: the user's, or that of the databases in the cluster. Never one name: helm would take the user's for its own. */}}
{{- define "tracechain.databaseSecret" -}}
{{- if .Values.databases.enabled -}}
{{- default (printf "%s-databases-in-cluster" (include "tracechain.fullname" .)) .Values.databases.inClusterSecret -}}
{{- else -}}
{{- .Values.databases.existingSecret -}}
{{- end -}}
{{- end -}}

{{- define "tracechain.otlpEndpoint" -}}
{{- if .Values.viewer.enabled -}}http://{{ include "tracechain.fullname" . }}-viewer:4318{{- else -}}{{ .Values.otlp.endpoint }}{{- end -}}
{{- end -}}

{{- define "tracechain.otlpProtocol" -}}
{{- if .Values.viewer.enabled -}}http/protobuf{{- else -}}{{ .Values.otlp.protocol }}{{- end -}}
{{- end -}}

{{- define "tracechain.tracesUrl" -}}
{{- if .Values.viewer.enabled -}}http://{{ include "tracechain.fullname" . }}-viewer:3200{{- else -}}{{ .Values.traces.url }}{{- end -}}
{{- end -}}

{{/* The port of a URL, or that of its scheme. It fails on none: "tracechain.checks" says what is wrong with one. */}}
{{- define "tracechain.portOf" -}}
{{- $port := regexFind "^https?://[^/]+" . | regexFind ":[0-9]+$" | trimPrefix ":" -}}
{{- if $port -}}{{ $port }}{{- else if hasPrefix "https:" . -}}443{{- else -}}80{{- end -}}
{{- end -}}

{{/* SIGTERM comes after preStop; then requests drain, then at most twice 5 s of telemetry's last export, and 2 s in hand. */}}
{{- define "tracechain.gracePeriod" -}}
{{- $drain := divf (float64 .Values.settings.drainTimeoutMs) 1000.0 | ceil | int -}}
{{- add .Values.settings.preStopSeconds $drain 12 -}}
{{- end -}}
