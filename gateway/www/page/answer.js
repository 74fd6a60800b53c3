// What came of a request: status, duration, the way into its trace, the chain, and the whole answer.

import { byId, make, shownDuration } from './dom.js';
import { curlLine } from './request.js';

/** Says that a request is under way. */
export function showWaiting({ method, path }) {
  byId('answer').replaceChildren(make('p', { class: 'faint' }, `${method} ${path} is under way …`));
}

/** Shows `request`. `showing` is what shows traces, or null. */
export function showAnswer(request, showing) {
  const parts = [head(request), follow(request, showing), make('p', { class: 'export', id: 'export' }, 'Sending this page’s own span …')];
  if (request.status === 0) parts.push(make('p', { class: 'notice bad' }, `No answer: ${request.error?.message ?? 'unknown'}`));
  if (request.status >= 400) parts.push(problem(request.json));
  if (Array.isArray(request.json?.chain)) parts.push(chain(request.json.chain, request.duration));
  parts.push(...details(request));
  byId('answer').replaceChildren(...parts.filter(Boolean));
  byId('announcement').textContent = request.status ? `Answer ${request.status} after ${shownDuration(request.duration)}.` : 'No answer.';
}

/** Says what became of the page's own span. */
export function showExport(failure) {
  const place = byId('export');
  if (!place) return;
  place.className = failure ? 'export notice bad' : 'export faint';
  place.textContent = failure
    ? `This page’s own span was not taken, so the trace begins with the gateway’s: ${failure}.`
    : 'This page’s own span was sent: the trace begins in this browser.';
}

/** `badge ok` and the like for a status. */
export const statusClass = (status) => `badge ${status === 0 || status >= 500 ? 'bad' : status >= 400 ? 'warn' : status === 202 ? 'note' : 'ok'}`;

function head({ method, path, status, duration, json }) {
  const said = json?.status && typeof json.status === 'string' ? json.status : json?.code;
  return make(
    'p',
    { class: 'head' },
    make('span', { class: statusClass(status) }, status || 'no answer'),
    said ? make('strong', {}, said) : null,
    make('span', { class: 'faint' }, `${method} ${path}`),
    make('span', { class: 'duration' }, shownDuration(duration)),
  );
}

function follow({ traceId, trace }, showing) {
  const id = make('code', { class: 'id' }, traceId);
  const restarted = traceId !== trace.traceId ? make('span', { class: 'faint' }, ` The gateway began a trace of its own; this page’s was ${trace.traceId}.`) : null;
  if (!showing) {
    return make('p', { class: 'follow' }, 'Trace ', id, restarted, make('span', { class: 'notice warn' }, 'Nothing that shows traces answers on this host.'));
  }
  return make('p', { class: 'follow' }, make('a', { class: 'button main', id: 'follow', href: showing.link(traceId) }, `Follow the trace in ${showing.name}`), id, restarted);
}

function problem(json) {
  if (!json) return make('p', { class: 'notice bad' }, 'The answer is not JSON.');
  const rows = ['service', 'code', 'request_id'].filter((name) => json[name]).map((name) => [make('dt', {}, name), make('dd', {}, json[name])]);
  const detail = Array.isArray(json.errors) && json.errors.length ? 'What is wrong stands beside each field.' : json.detail;
  return make('div', { class: 'notice bad' }, make('strong', {}, json.title ?? 'Error'), make('p', {}, detail ?? ''), make('dl', {}, rows));
}

/** Each service's time as a bar: a service's holds that of those after it. */
function chain(entries, total) {
  const longest = Math.max(total, ...entries.map((entry) => Number(entry.duration_ms) || 0));
  const rows = entries.map((entry) => {
    const bar = make('span', { class: 'bar' });
    bar.style.width = `${Math.max(1, (100 * (Number(entry.duration_ms) || 0)) / longest)}%`;
    const broken = entry.trace_id !== entries[0].trace_id;
    return make(
      'tr',
      {},
      make('th', { scope: 'row' }, String(entry.service), broken ? make('span', { class: 'badge bad', title: String(entry.trace_id) }, 'another trace') : null),
      make('td', { class: 'track' }, bar),
      make('td', { class: 'number' }, shownDuration(Number(entry.duration_ms))),
    );
  });
  const titles = make('tr', {}, make('th', { scope: 'col' }, 'Service'), make('th', { scope: 'col' }, 'Share of the whole time'), make('th', { scope: 'col', class: 'number' }, 'Time'));
  return make('table', { class: 'chain' }, make('caption', { class: 'unseen' }, 'The chain'), make('thead', {}, titles), make('tbody', {}, rows));
}

function details(request) {
  const line = curlLine(request);
  const copied = make('span', { class: 'faint', role: 'status' });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(line);
      copied.textContent = 'Copied.';
    } catch {
      copied.textContent = 'This browser does not let the page copy; select the line.';
    }
  };
  const answer = request.json ? JSON.stringify(request.json, null, 2) : request.text;
  return [
    make('details', {}, make('summary', {}, 'As a curl line'), make('pre', { tabindex: '0', id: 'curl' }, line), make('button', { type: 'button', class: 'quiet', click: copy }, 'Copy the line'), ' ', copied),
    answer ? make('details', {}, make('summary', {}, 'The whole answer'), make('pre', { tabindex: '0' }, answer)) : null,
  ];
}
