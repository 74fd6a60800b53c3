// The traces as rows, newest first.

import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { count, date, duration, parts, plural } from '../format.js';
import { Choice } from '../compare/choice.js';
import { KeyedRows } from '../keyed.js';

const HEADINGS = [['Began', 'number'], ['Trace', ''], ['Duration', 'number'], ['Spans', 'number'], ['Services', 'wide'], ['Compare', 'pick']];

export class Table {
  choice = new Choice();
  #isDated = false;
  #rows = new KeyedRows((trace) => cellsOf(trace, this.#isDated, this.choice.box(trace)));
  element = el(
    'table',
    { class: 'traces', hidden: true },
    el('caption', { class: 'unseen' }, 'Traces, newest first'),
    el('thead', {}, el('tr', {}, HEADINGS.map(([text, kind]) => el('th', { scope: 'col', class: kind }, text)))),
    this.#rows.body,
  );

  /** `isDated` says that they did not all begin on one day. */
  show(traces, isDated) {
    this.#isDated = isDated;
    this.element.hidden = traces.length === 0;
    this.choice.keep(traces.map(({ id }) => id));
    const stateOf = ({ name, service, ms, spans, errors, services }) => [isDated, name, service, ms, spans, errors, services].join('\n');
    this.#rows.show(traces, ({ id }) => id, stateOf);
  }
}

function cellsOf(trace, isDated, box) {
  const services = trace.services.filter((name) => name !== trace.service);
  return [
    el('td', { class: 'number began', title: date(trace.start) }, parts(trace.start, isDated).map((part) => el('span', {}, part))),
    el(
      'td',
      { class: `what ${colourClass(trace.service)}` },
      el('span', { class: 'service' }, trace.service),
      el('a', { href: `/trace/${trace.id}` }, trace.name || '(no name)'),
      trace.errors > 0 && el('span', { class: 'badge error' }, plural(trace.errors, 'error')),
    ),
    el('td', { class: 'number' }, duration(trace.ms)),
    el('td', { class: 'number' }, count(trace.spans), el('span', { class: 'unit' }, trace.spans === 1 ? ' span' : ' spans')),
    el('td', { class: 'wide' }, services.map((name) => el('span', { class: `chip ${colourClass(name)}` }, el('span', { class: 'service', title: name }, name)))),
    el('td', { class: 'pick' }, box),
  ];
}
