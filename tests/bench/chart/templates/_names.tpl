{{- define "meta" -}}
namespace: {{ .Values.app }}-{{ .Values.environment }}
labels:
  {{- include "selector" . | nindent 2 }}
  {{- include "owner" . | nindent 2 }}
{{- end }}
{{- define "selector" -}}
app.kubernetes.io/name: {{ .service }}
app.kubernetes.io/part-of: {{ .Values.app }}
{{- end }}
{{- define "owner" -}}
app.kubernetes.io/instance: {{ .Values.app }}-{{ .Values.environment }}
app.kubernetes.io/component: server
app.kubernetes.io/managed-by: paasctl
paasctl.dev/app: {{ .Values.app }}
{{- end }}
