{{/* Where a database in the cluster keeps its data. Takes (dict "root" $ "values" MAP "component" NAME). */}}
{{- define "tracechain.databaseVolumes" -}}
volumes:
  - {name: tmp, emptyDir: {}}
  - {name: run, emptyDir: {}}
  {{- if eq .component "postgres" }}
  - {name: first-start, configMap: {name: {{ include "tracechain.fullname" .root }}-postgres}}
  {{- end }}
  {{- if not .values.persistence.enabled }}
  - {name: data, emptyDir: {}}
  {{- end }}
{{- end -}}

{{- define "tracechain.databaseClaims" -}}
{{- with .values.persistence }}
{{- if .enabled }}
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata: {name: data}
    spec:
      accessModes: [ReadWriteOnce]
      {{- with .storageClassName }}
      storageClassName: {{ . }}
      {{- end }}
      resources: {requests: {storage: {{ .size }}}}
{{- end }}
{{- end }}
{{- end -}}
