// OTLP's JSON in its dialects: the specification's (hex ids, numbers for enums) and Tempo's (base64 ids, names for enums).

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];
const STATUSES = ['unset', 'ok', 'error'];

/** The spans of an answer or a file; each knows its resource and scope. */
export function readSpans(json) {
  const spans = [];
  for (const group of resourceSpans(json)) {
    const attributes = group.resource?.attributes ?? [];
    const service = text(attributes, 'service.name') ?? 'unknown_service';
    for (const { scope, spans: list } of group.scopeSpans ?? group.instrumentationLibrarySpans ?? []) {
      for (const raw of list ?? []) spans.push(readSpan(raw, service, attributes, scope ?? {}));
    }
  }
  return spans;
}

/** What else the Collector writes into one file with the spans, where several pipelines end in it. */
const OTHER_SIGNALS = ['resourceLogs', 'resourceMetrics', 'resourceProfiles'];

/** A file of one export, of one trace as any of the APIs answers it, or of one export a line as the Collector writes it. */
export function readFile(content) {
  try {
    return readSpans(JSON.parse(content));
  } catch (error) {
    const lines = content.split('\n').filter((line) => line.trim());
    if (lines.length < 2) throw error;
    const exports = lines.map((line) => JSON.parse(line));
    return exports.filter((json) => !OTHER_SIGNALS.some((signal) => json?.[signal])).flatMap(readSpans);
  }
}

function resourceSpans(json) {
  const found = json?.resourceSpans ?? json?.batches ?? json?.trace?.resourceSpans ?? json?.result?.resourceSpans;
  if (!Array.isArray(found)) throw new Error('there are no resourceSpans in it: OTLP JSON is expected');
  return found;
}

function readSpan(raw, service, resource, scope) {
  const start = BigInt(raw.startTimeUnixNano ?? 0);
  return {
    raw,
    service,
    resource,
    scope,
    traceId: hexId(raw.traceId, 16),
    id: hexId(raw.spanId, 8),
    parentId: parentOf(raw),
    name: raw.name ?? '',
    kind: KINDS[enumeration(raw.kind, KINDS, 'SPAN_KIND_')] ?? String(raw.kind),
    status: STATUSES[enumeration(raw.status?.code, STATUSES, 'STATUS_CODE_')] ?? 'unset',
    start,
    end: BigInt(raw.endTimeUnixNano ?? start),
  };
}

/** Eight zero bytes are how some exporters write no parent. */
function parentOf({ parentSpanId }) {
  const id = hexId(parentSpanId, 8);
  return /^0+$/.test(id) ? '' : id;
}

function enumeration(value, names, prefix) {
  if (typeof value !== 'string') return value ?? 0;
  return Math.max(names.indexOf(value.replace(prefix, '').toLowerCase()), 0);
}

/** Hex, whichever way it was written; empty for none. */
export function hexId(id, length) {
  if (!id) return '';
  if (id.length === length * 2 && /^[0-9a-f]+$/i.test(id)) return id.toLowerCase();
  try {
    return Array.from(atob(id), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  } catch {
    return id;
  }
}

/** A text attribute of a list. */
export function text(attributes, key) {
  return attributes?.find((pair) => pair.key === key)?.value?.stringValue;
}

/** `[key, value]` of each attribute, values as JSON has them. */
export const pairs = (attributes) => (attributes ?? []).map(({ key, value }) => [key ?? '', plain(value)]);

function plain(value = {}) {
  if ('stringValue' in value) return value.stringValue;
  if ('boolValue' in value) return value.boolValue;
  if ('intValue' in value) return String(value.intValue);
  if ('doubleValue' in value) return String(value.doubleValue);
  if ('arrayValue' in value) return (value.arrayValue.values ?? []).map(inner);
  if ('kvlistValue' in value) return Object.fromEntries((value.kvlistValue.values ?? []).map((pair) => [pair.key ?? '', inner(pair.value)]));
  return value.bytesValue ?? '';
}

/** Within lists and maps, which are shown as JSON, a number is one, if JSON has it exactly: `[1,"1"]`. */
function inner(value = {}) {
  const number = Number(value.intValue ?? value.doubleValue ?? NaN);
  const isExact = 'intValue' in value ? Number.isSafeInteger(number) : Number.isFinite(number);
  return isExact ? number : plain(value);
}

export const shown = (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** The spans as OTLP's specification writes them, so that every tool can read the file. */
export function toOtlp(spans) {
  const groups = new Map();
  for (const span of spans) {
    const scopes = groups.get(span.resource) ?? new Map();
    groups.set(span.resource, scopes);
    const list = scopes.get(span.scope) ?? [];
    scopes.set(span.scope, list);
    list.push(otlpSpan(span));
  }
  const scopeSpans = (scopes) => [...scopes].map(([scope, list]) => ({ scope, spans: list }));
  return { resourceSpans: [...groups].map(([attributes, scopes]) => ({ resource: { attributes }, scopeSpans: scopeSpans(scopes) })) };
}

function otlpSpan({ raw, traceId, id, parentId, kind, status }) {
  const span = { ...raw, traceId, spanId: id, kind: Math.max(KINDS.indexOf(kind), 0) };
  if (parentId) span.parentSpanId = parentId;
  else delete span.parentSpanId;
  if (raw.status) span.status = { ...raw.status, code: STATUSES.indexOf(status) };
  if (raw.links) span.links = raw.links.map((link) => ({ ...link, traceId: hexId(link.traceId, 16), spanId: hexId(link.spanId, 8) }));
  return span;
}
