{{/* What every pod and container has in common: the restricted Pod Security standard, and no token of the API. */}}

{{/* Takes (dict "root" $ "user" UID); ours are 10001, as the image has it. */}}
{{- define "tracechain.podSecurity" -}}
automountServiceAccountToken: false
# Kubernetes would hand in USER_SERVICE_PORT and the like, which are no settings of ours.
enableServiceLinks: false
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "tracechain.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* Where the pod is, on the resource of its telemetry. The names come first: a value may only refer to what stands above it. */}}
{{- define "tracechain.podNames" -}}
- {name: K8S_POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
- {name: K8S_POD_UID, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}
- {name: K8S_NAMESPACE_NAME, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
- {name: K8S_NODE_NAME, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
{{- end -}}

{{- define "tracechain.resourceAttributes" -}}
deployment.environment.name={{ .Values.settings.environment }},k8s.namespace.name=$(K8S_NAMESPACE_NAME),k8s.pod.name=$(K8S_POD_NAME),k8s.pod.uid=$(K8S_POD_UID),k8s.node.name=$(K8S_NODE_NAME)
{{- end -}}

{{/* What only a Secret may hold. */}}
{{- define "tracechain.secretVariables" -}}
{{- with .Values.otlp.headers.existingSecret }}
- {name: OTEL_EXPORTER_OTLP_HEADERS, valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: {{ $.Values.otlp.headers.key | quote }}}}}
{{- end }}
{{ include "tracechain.tokenVariable" . }}
{{- end -}}

{{- define "tracechain.tokenVariable" -}}
{{- with .Values.apiToken.existingSecret }}
- {name: API_TOKEN, valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: {{ $.Values.apiToken.key | quote }}}}}
{{- end }}
{{- end -}}

{{/* The address of one database. Takes (dict "root" $ "key" user|order|audit "variable" NAME). */}}
{{- define "tracechain.databaseVariable" -}}
- {name: {{ .variable }}, valueFrom: {secretKeyRef: {name: {{ include "tracechain.databaseSecret" .root | quote }}, key: {{ index .root.Values.databases.keys .key | quote }}}}}
{{- end -}}

{{/* A container that runs loadgen against the gateway. Takes (dict "root" $ "args" LIST "resources" MAP). */}}
{{- define "tracechain.loadgen" -}}
name: loadgen
image: {{ include "tracechain.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
command: [loadgen]
args: {{- toYaml .args | nindent 2 }}
env:
  {{- include "tracechain.podNames" .root | nindent 2 }}
  {{- include "tracechain.secretVariables" .root | nindent 2 }}
  - {name: LOADGEN_TARGET, value: {{ include "tracechain.url" (dict "root" .root "key" "gateway") | quote }}}
  - {name: LOADGEN_TRACES, value: {{ include "tracechain.tracesUrl" .root | quote }}}
  {{- if and .root.Values.viewer.enabled .root.Values.apiToken.existingSecret }}
  # The viewer shows traces to whoever has the token; Kubernetes puts it in.
  - {name: LOADGEN_TRACES_HEADER, value: "Authorization: Bearer $(API_TOKEN)"}
  {{- end }}
  - {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ include "tracechain.otlpEndpoint" .root | quote }}}
  - {name: OTEL_EXPORTER_OTLP_PROTOCOL, value: {{ include "tracechain.otlpProtocol" .root | quote }}}
  - {name: OTEL_RESOURCE_ATTRIBUTES, value: {{ include "tracechain.resourceAttributes" .root | quote }}}
resources: {{- toYaml .resources | nindent 2 }}
securityContext: {{- include "tracechain.containerSecurity" .root | nindent 2 }}
{{- end -}}
