{{/* Parts of NetworkPolicies: each is one rule of `ingress` or `egress`. */}}

{{/* Pods of this release. Takes (dict "root" $ "components" LIST "port" NUMBER "direction" from|to). */}}
{{- define "tracechain.pods" -}}
- {{ .direction }}:
    {{- range .components }}
    - podSelector:
        matchLabels: {{- include "tracechain.selector" (dict "root" $.root "component" .) | nindent 10 }}
    {{- end }}
  ports: [{protocol: TCP, port: {{ .port }}}]
{{- end -}}

{{/* Peers that the values name; none is anywhere. Takes (dict "peers" LIST "port" NUMBER "direction" from|to). */}}
{{- define "tracechain.peers" -}}
{{- if .peers -}}
- {{ .direction }}: {{- toYaml .peers | nindent 4 }}
  ports: [{protocol: TCP, port: {{ .port }}}]
{{- else -}}
- ports: [{protocol: TCP, port: {{ .port }}}]
{{- end -}}
{{- end -}}

{{- define "tracechain.toDns" -}}
- {{- with .Values.networkPolicy.dns }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
  ports: [{protocol: UDP, port: 53}, {protocol: TCP, port: 53}]
{{- end -}}

{{- define "tracechain.toOtlp" -}}
{{- if .Values.viewer.enabled -}}
{{- include "tracechain.pods" (dict "root" . "components" (list "viewer") "port" 4318 "direction" "to") -}}
{{- else -}}
{{- include "tracechain.peers" (dict "peers" .Values.networkPolicy.otlp "port" (default (include "tracechain.portOf" .Values.otlp.endpoint) (int64 .Values.networkPolicy.otlpPort)) "direction" "to") -}}
{{- end -}}
{{- end -}}

{{- define "tracechain.toTraces" -}}
{{- if .Values.viewer.enabled -}}
{{- include "tracechain.pods" (dict "root" . "components" (list "viewer") "port" 3200 "direction" "to") -}}
{{- else -}}
{{- include "tracechain.peers" (dict "peers" .Values.networkPolicy.traces "port" (default (include "tracechain.portOf" .Values.traces.url) (int64 .Values.networkPolicy.tracesPort)) "direction" "to") -}}
{{- end -}}
{{- end -}}

{{/* Takes (dict "root" $ "key" user|order|audit). */}}
{{- define "tracechain.toDatabase" -}}
{{- $engine := (index (include "tracechain.services" .root | fromYaml) .key).database -}}
{{- if .root.Values.databases.enabled -}}
{{- include "tracechain.pods" (dict "root" .root "components" (list $engine) "port" (ternary 3306 5432 (eq $engine "mysql")) "direction" "to") -}}
{{- else -}}
{{- $database := index .root.Values.networkPolicy.databases .key -}}
{{- include "tracechain.peers" (dict "peers" $database.to "port" $database.port "direction" "to") -}}
{{- end -}}
{{- end -}}
