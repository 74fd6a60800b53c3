// The numbers of the map as a table. Cells are written to, not replaced, so that a live update takes no focus away.

import { el, say } from '../dom.js';
import { count, duration } from '../format.js';
import { percent, rate, tracesOf } from './figures.js';

const HEADINGS = ['Calls', 'Rate', 'Failed', 'p50', 'p95', 'p99'];
/** Of more only the busiest are listed. */
const MOST_ROWS = 500;

export class NumberTable {
  #rows = new Map();
  #namesOf;
  #titles;
  #body = el('tbody', {});
  #note = el('p', { class: 'notice' });
  element;

  /** `namesOf` gives what leads to the traces, and the text beside it. */
  constructor(title, titles, namesOf) {
    this.#namesOf = namesOf;
    this.#titles = [...titles, ...HEADINGS];
    const head = this.#titles.map((text, place) => el('th', { scope: 'col', class: place > 1 ? 'number' : '' }, text));
    const table = el('table', { class: 'figures' }, el('caption', {}, title), el('thead', {}, el('tr', {}, head)), this.#body);
    this.element = el('section', { hidden: true }, table, this.#note);
  }

  /** Each item has a `key`, the numbers and a `traceql`. */
  show(items) {
    const shown = items.toSorted((a, b) => b.requests - a.requests).slice(0, MOST_ROWS);
    shown.sort((a, b) => (a.key < b.key ? -1 : 1));
    this.element.hidden = shown.length === 0;
    say(this.#note, shown.length < items.length ? `The busiest ${count(shown.length)} of ${count(items.length)}.` : '');
    const wanted = new Set(shown.map(({ key }) => key));
    for (const [key, row] of this.#rows) {
      if (wanted.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    let place = this.#body.firstChild;
    for (const item of shown) {
      const row = this.#rows.get(item.key) ?? this.#newRow(item.key);
      this.#write(row, item);
      if (row === place) place = place.nextSibling;
      else this.#body.insertBefore(row, place);
    }
  }

  #newRow(key) {
    const cell = (title, place) => el('td', { class: place > 1 ? 'number' : '', 'data-title': title });
    const [first, ...rest] = this.#titles;
    const row = el('tr', {}, el('th', { scope: 'row', 'data-title': first }, el('a', {})), rest.map((title, place) => cell(title, place + 1)));
    this.#rows.set(key, row);
    return row;
  }

  #write(row, item) {
    const [name, beside] = this.#namesOf(item);
    const [first, kind, calls, perSecond, failed, ...durations] = row.cells;
    const link = first.firstChild;
    link.href = tracesOf(item.traceql);
    say(link, name || '(no name)');
    say(kind, beside);
    say(calls, count(item.requests));
    say(perSecond, rate(item.requests_per_second));
    writeFailed(failed, item);
    [item.p50_ms, item.p95_ms, item.p99_ms].forEach((ms, index) => say(durations[index], duration(ms)));
  }
}

/** Leads to the calls that failed, if there are any. */
function writeFailed(cell, { error_share: share, traceql }) {
  if (share === 0) {
    say(cell, percent(0));
    return;
  }
  const link = cell.querySelector('a') ?? el('a', { class: 'failing' });
  if (!link.isConnected) cell.replaceChildren(link);
  link.href = tracesOf(traceql, { status: 'error' });
  say(link, `⚠ ${percent(share)}`);
}
