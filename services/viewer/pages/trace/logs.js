// The log lines of a trace, by time, and whether some may be gone.

import { findLogs, getJson } from '../api.js';
import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { duration, plural } from '../format.js';
import { shown } from '../otlp.js';

const MOST = 1000;

export class TraceLogs {
  #lines = [];
  #drawn;
  #isOver = false;
  #onSpan;
  #gone = el('div', {});
  #content = el('div', {});
  element = el('div', {}, this.#content, this.#gone);

  /** `onSpan` gets the id of the span that a reader wants to see. */
  constructor(onSpan) {
    this.#onSpan = onSpan;
  }

  /** Says something in the place of lines, for good. */
  say(text) {
    this.#isOver = true;
    this.#gone.replaceChildren();
    this.#content.replaceChildren(el('p', {}, text));
  }

  /** Asks for the lines of `trace`. What was shown stays: the store lets lines go before the trace. */
  async show(trace) {
    const [{ logs }, { logs_evicted: evicted }] = await Promise.all([findLogs({ trace_id: trace.id, limit: MOST }), getJson('/api/store')]);
    if (this.#isOver) return;
    const isFewer = logs.length < this.#lines.length;
    if (!isFewer) this.#lines = read(logs);
    this.#tellGone(evicted, isFewer);
    // Drawn again only for more lines, or spans that lines lead to, so that nobody loses a place in it.
    const drawn = `${this.#lines.length} ${trace.nodes.size}`;
    if (this.#drawn === drawn) return;
    this.#drawn = drawn;
    this.#content.replaceChildren(el('p', {}, told(this.#lines.length)), this.#lines.length > 0 ? table(this.#lines, trace, this.#onSpan) : '');
  }

  #tellGone(evicted, isFewer) {
    const some = `${plural(evicted, 'older log line')} of all traces made room for newer ones`;
    const text = isFewer ? `⚠ Shown as it was: ${some}, lines of this trace among them.` : `⚠ ${some}; lines of this trace may be among them.`;
    if (evicted === 0 || this.#gone.textContent === text) return;
    this.#gone.replaceChildren(el('p', { class: 'wrong note' }, text));
  }
}

function read(logs) {
  const lines = logs.map((line) => ({ ...line, time: BigInt(line.time_unix_nano) }));
  return lines.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
}

function told(lines) {
  if (lines === 0) return 'No log line that is held carries this trace id.';
  return `${plural(lines, 'line')}${lines === MOST ? ', the newest; older ones are not shown' : ''}.`;
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
    el('td', {}, el('span', { class: 'service', title: line.service }, line.service)),
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
