// One request: sent with a traceparent of its own, timed, read to its end.

import { authorization } from './token.js';
import { newTrace, now, readTraceresponse } from './trace.js';

/** Above what the gateway allows its longest task, 30 s and 5 s in hand. */
const TIMEOUT_MS = 45_000;

/**
 * Sends `body` (none for GET) and gives what came of it; never rejects. `status` is 0 and `error` is there when there was no answer.
 */
export async function send(method, path, body) {
  const request = { method, path, body, url: new URL(path, location.href).href, trace: newTrace(), status: 0, began: now() };
  const clock = performance.now();
  try {
    const headers = { traceparent: request.trace.traceparent, ...authorization(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) };
    const answer = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    request.duration = performance.now() - clock;
    request.status = answer.status;
    request.answered = readTraceresponse(answer.headers.get('traceresponse'));
    request.json = parsed(text);
    request.text = text;
  } catch (error) {
    request.duration ??= performance.now() - clock;
    request.error = error;
  }
  // With EDGE_TRUST=restart the services' trace is another than the one that began here.
  request.traceId = request.answered?.traceId ?? request.trace.traceId;
  return request;
}

/** Looks something up, in a trace that nobody keeps; null where there is no answer. */
export async function untraced(path) {
  const traceparent = newTrace().traceparent.replace(/..$/, '00');
  const headers = { traceparent, ...authorization() };
  const answer = await fetch(path, { headers, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => null);
  return answer?.ok ? parsed(await answer.text()) : null;
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The same request as a line for a shell. */
export function curlLine({ method, url, body }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const parts = ['curl'];
  if (method !== 'GET') parts.push('-X', method);
  parts.push(quoted(url));
  // The variable and not its value: what is shown is copied and pasted.
  if (authorization().Authorization) parts.push('-H', '"Authorization: Bearer $API_TOKEN"');
  if (body !== undefined) parts.push('-H', quoted('Content-Type: application/json'), '-d', quoted(JSON.stringify(body)));
  return parts.join(' ');
}
