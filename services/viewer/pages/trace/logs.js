// The log lines of a trace, by time.

import { findLogs } from '../api.js';
import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { duration, plural } from '../format.js';
import { shown } from '../otlp.js';

const MOST = 1000;

/** Fills `place`; `onSpan` gets the id of the span that a reader wants to see. */
export async function showLogs(place, trace, onSpan) {
  const { logs } = await findLogs({ trace_id: trace.id, limit: MOST });
  // Drawn again only for more, so that nobody loses a place in it.
  if (place.hasChildNodes() && place.dataset.lines === String(logs.length)) return;
  place.dataset.lines = logs.length;
  const lines = logs.map((line) => ({ ...line, time: BigInt(line.time_unix_nano) }));
  lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const said = lines.length === 0 ? 'No log line carries this trace id.' : `${plural(lines.length, 'line')}${lines.length === MOST ? ', the newest; older ones are not shown' : ''}.`;
  place.replaceChildren(el('p', {}, said), lines.length > 0 ? table(lines, trace, onSpan) : '');
}

function table(lines, trace, onSpan) {
  const head = ['After', 'Level', 'Service', 'Message', 'Span'].map((title) => el('th', { scope: 'col' }, title));
  return el(
    'div',
    { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': 'Log lines of the trace' },
    el('table', { class: 'lines' }, el('thead', {}, el('tr', {}, head)), el('tbody', {}, lines.map((line) => row(line, trace, onSpan)))),
  );
}

function row(line, trace, onSpan) {
  const after = Number(line.time - trace.start) / 1e6;
  const known = trace.nodes.get(line.span_id);
  const go = known && el('button', { type: 'button', class: 'link', onclick: () => onSpan(line.span_id) }, known.span.name);
  return el(
    'tr',
    { class: `${colourClass(line.service)} ${levelClass(line)}` },
    el('td', { class: 'number' }, duration(after)),
    el('td', {}, el('span', { class: 'level' }, line.level)),
    el('td', {}, el('span', { class: 'service' }, line.service)),
    el('td', { class: 'message' }, message(line), fields(line)),
    el('td', {}, go || line.span_id || ''),
  );
}

/** The class of its level; a sender may call a level anything. */
export const levelClass = ({ level }) => `level-${level.toLowerCase().replace(/[^a-z]/g, '')}`;

export const message = (line) => el('span', {}, line.message === null ? '' : shown(line.message));

export function fields({ attributes }) {
  const given = Object.entries(attributes).filter(([, value]) => value !== null);
  return given.length > 0 && el('span', { class: 'fields' }, given.map(([key, value]) => ` ${key}=${shown(value)}`));
}
