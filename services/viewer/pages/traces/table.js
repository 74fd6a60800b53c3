// The traces as rows. A row that stays is not touched when others come, so neither focus nor a selection is lost to the live update.

import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { count, date, duration, plural, time } from '../format.js';

const HEADINGS = [['Began', 'number'], ['Trace', ''], ['Duration', 'number'], ['Spans', 'number'], ['Services', 'wide']];

export class Table {
  #rows = new Map();
  #body = el('tbody', {});
  element = el(
    'table',
    { class: 'traces', hidden: true },
    el('caption', { class: 'unseen' }, 'Traces, newest first'),
    el('thead', {}, el('tr', {}, HEADINGS.map(([text, kind]) => el('th', { scope: 'col', class: kind }, text)))),
    this.#body,
  );

  show(traces) {
    this.element.hidden = traces.length === 0;
    const wanted = new Set(traces.map(({ id }) => id));
    for (const [id, { row }] of this.#rows) if (!wanted.has(id)) this.#remove(id, row);
    let place = this.#body.firstChild;
    for (const trace of traces) {
      const row = this.#row(trace);
      if (row === place) place = place.nextSibling;
      else this.#body.insertBefore(row, place);
    }
  }

  #remove(id, row) {
    row.remove();
    this.#rows.delete(id);
  }

  /** The row that a trace has, changed only if the trace has. */
  #row(trace) {
    const state = [trace.name, trace.service, trace.ms, trace.spans, trace.errors, trace.services].join('\n');
    const known = this.#rows.get(trace.id);
    if (known?.state === state) return known.row;
    const cells = cellsOf(trace);
    const row = known?.row ?? el('tr', {});
    row.replaceChildren(...cells);
    this.#rows.set(trace.id, { row, state });
    return row;
  }
}

function cellsOf(trace) {
  const services = trace.services.filter((name) => name !== trace.service);
  return [
    el('td', { class: 'number', title: date(trace.start) }, time(trace.start)),
    el(
      'td',
      { class: `what ${colourClass(trace.service)}` },
      el('span', { class: 'service' }, trace.service),
      el('a', { href: `/trace/${trace.id}` }, trace.name || '(no name)'),
      trace.errors > 0 && el('span', { class: 'badge error' }, plural(trace.errors, 'error')),
    ),
    el('td', { class: 'number' }, duration(trace.ms)),
    el('td', { class: 'number' }, count(trace.spans), el('span', { class: 'unit' }, trace.spans === 1 ? ' span' : ' spans')),
    el('td', { class: 'wide' }, services.map((name) => el('span', { class: `chip ${colourClass(name)}` }, el('span', { class: 'service' }, name)))),
  ];
}
