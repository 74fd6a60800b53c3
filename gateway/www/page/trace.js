// The root of the trace: W3C Trace Context level 2 for the request, and the page's own CLIENT span as OTLP/HTTP JSON.

const CLIENT = 3;
const ERROR = 2;
/** Sampled, and the trace id is random (level 2, section 3.2.2.5). */
const FLAGS = 0x03;
/** In a span's flags: it is known whether the parent is remote (opentelemetry-proto). */
const HAS_IS_REMOTE = 0x100;
/** What the browser may take to hand a span over. */
const EXPORT_TIMEOUT_MS = 5000;

function hex(bytes) {
  const drawn = crypto.getRandomValues(new Uint8Array(bytes));
  // All zeros is no id; it never comes, and costs a line.
  if (drawn.every((byte) => byte === 0)) return hex(bytes);
  return Array.from(drawn, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Ids of a new trace and its root span. */
export function newTrace() {
  const [traceId, spanId] = [hex(16), hex(8)];
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${FLAGS.toString(16).padStart(2, '0')}` };
}

/** Trace and span of a `traceresponse` (level 2, section on the response header), or null. */
export function readTraceresponse(text) {
  const parts = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(text ?? '');
  return parts && { traceId: parts[1], spanId: parts[2] };
}

/**
 * Milliseconds since 1970 with a fraction. The monotonic clock is the finer one, but stands still while the machine sleeps: once it
 * is wrong by more than it is finer, the wall clock counts.
 */
export function now() {
  const fine = performance.timeOrigin + performance.now();
  const wall = Date.now();
  return Math.abs(fine - wall) < 5 ? fine : wall;
}

/** OTLP's JSON has 64-bit numbers as decimal strings. */
const nanoseconds = (milliseconds) => String(BigInt(Math.round(milliseconds * 1000)) * 1000n);

function attribute([key, value]) {
  return { key, value: Number.isInteger(value) ? { intValue: String(value) } : { stringValue: String(value) } };
}

/** The export request with the one span of `request`, which is over. */
function document_(request, peer) {
  const url = new URL(request.url);
  const attributes = {
    'http.request.method': request.method,
    'url.full': url.href,
    'url.template': url.pathname,
    'server.address': url.hostname,
    'server.port': Number(url.port || (url.protocol === 'https:' ? 443 : 80)),
    'user_agent.original': navigator.userAgent,
    'peer.service': peer,
    'service.peer.name': peer,
  };
  if (request.status) attributes['http.response.status_code'] = request.status;
  const error = request.status >= 400 ? String(request.status) : request.error?.name;
  if (error) attributes['error.type'] = error;
  const span = {
    traceId: request.trace.traceId,
    spanId: request.trace.spanId,
    name: `${request.method} ${url.pathname}`,
    kind: CLIENT,
    flags: FLAGS | HAS_IS_REMOTE,
    startTimeUnixNano: nanoseconds(request.began),
    endTimeUnixNano: nanoseconds(request.began + request.duration),
    attributes: Object.entries(attributes).map(attribute),
    status: error ? { code: ERROR } : {},
  };
  const resource = { 'service.name': 'browser', 'service.namespace': 'tracechain', 'telemetry.sdk.language': 'webjs' };
  return {
    resourceSpans: [
      {
        resource: { attributes: Object.entries(resource).map(attribute) },
        scopeSpans: [{ scope: { name: 'tracechain.front_page' }, spans: [span] }],
      },
    ],
  };
}

/** Sends the span of `request`. Gives null, or why it could not be sent. */
export async function exportSpan(request, { otlpUrl, peer }) {
  try {
    const answer = await fetch(otlpUrl, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(document_(request, peer)),
      signal: AbortSignal.timeout(EXPORT_TIMEOUT_MS),
    });
    if (!answer.ok) return `${otlpUrl} answered ${answer.status}`;
    const { partialSuccess } = await answer.json();
    return Number(partialSuccess?.rejectedSpans ?? 0) > 0 ? `${otlpUrl} rejected it: ${partialSuccess.errorMessage ?? 'no reason given'}` : null;
  } catch (error) {
    return `${otlpUrl} could not be reached (${error.message})`;
  }
}
