// Lines over time, with axes, a cursor for pointer and keys, what they were at it, and the same as a table.
//
// Each value leads to the traces of its service and moment. Invariant: what is not known is a gap, and where a target was not up that
// is shown as such; a zero is only drawn where there was one.

import { colourClass } from '../colour.js';
import { el, svg } from '../dom.js';
import { clockTime } from '../format.js';
import { KeyedRows } from '../keyed.js';
import { tracesLink } from './measures.js';
import { DASHES, EDGE, HEIGHT, STATES, axes, bands, lines, scalesFor } from './picture.js';

let charts = 0;

export class Chart {
  #measure;
  #shown = { at: [], series: [], targets: [], step: 1, interval: 0 };
  /** A moment that the reader chose; the newest otherwise. */
  #chosen;
  #scales;
  #picture = svg('svg', { height: HEIGHT, 'aria-hidden': 'true' });
  #plot;
  #moment = el('span', { class: 'moment' });
  #legend = el('ul', { class: 'legend' });
  #rows;
  #table;
  element;

  constructor(measure) {
    this.#measure = measure;
    const id = `chart-${(charts += 1)}`;
    this.#plot = el(
      'div',
      { class: 'plot', role: 'slider', tabindex: 0, 'aria-labelledby': id, 'aria-orientation': 'horizontal', 'aria-valuemin': 0, 'aria-valuemax': 0, 'aria-valuenow': 0 },
      this.#picture,
    );
    this.#rows = new KeyedRows((row) => row.cells());
    this.#table = el('details', { class: 'values', ontoggle: () => this.#fillTable() }, el('summary', {}, 'As a table'));
    this.element = el(
      'figure',
      { class: 'chart', 'data-chart': measure.id },
      el('figcaption', { id }, el('span', {}, el('strong', {}, measure.title), el('span', { class: 'unit' }, ` ${measure.unit} `)), this.#moment),
      this.#plot,
      this.#legend,
      this.#table,
    );
    this.#listen();
    new ResizeObserver(() => this.#draw()).observe(this.#plot);
  }

  /** `series`: `{name, target, values}`, values as many as `at`. */
  show(shown) {
    this.#shown = shown;
    if (this.#chosen < shown.at[0]) this.#chosen = undefined;
    this.#draw();
    this.#fillTable();
  }

  #listen() {
    this.#plot.addEventListener('pointermove', (event) => this.#choose(this.#indexAt(event)));
    this.#plot.addEventListener('pointerleave', () => document.activeElement !== this.#plot && this.#choose(undefined));
    this.#plot.addEventListener('blur', (event) => this.element.contains(event.relatedTarget) || this.#choose(undefined));
    this.#plot.addEventListener('keydown', (event) => this.#key(event));
    this.#plot.addEventListener('click', (event) => {
      const nearest = this.#nearest(event);
      if (nearest) location.assign(this.#link(nearest, this.#indexAt(event)));
    });
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const last = this.#shown.at.length - 1;
    const goTo = (index) => this.#choose(Math.min(Math.max(index, 0), last));
    const actions = {
      ArrowLeft: () => goTo(this.#index - 1),
      ArrowRight: () => goTo(this.#index + 1),
      ArrowDown: () => goTo(this.#index - 1),
      ArrowUp: () => goTo(this.#index + 1),
      PageUp: () => goTo(this.#index + 10),
      PageDown: () => goTo(this.#index - 10),
      Home: () => goTo(0),
      End: () => goTo(last),
      Enter: () => this.#legend.querySelector('a')?.focus(),
    };
    if (!actions[event.key] || last < 0) return;
    event.preventDefault();
    actions[event.key]();
  }

  get #index() {
    const { at } = this.#shown;
    const found = at.indexOf(this.#chosen);
    if (found >= 0) return found;
    // The step that is under way may have nothing yet.
    const isKnown = (index) => index >= 0 && this.#shown.series.some(({ values }) => values[index] !== null);
    return isKnown(at.length - 1) || !isKnown(at.length - 2) ? at.length - 1 : at.length - 2;
  }

  #choose(index) {
    this.#chosen = index === undefined ? undefined : this.#shown.at[index];
    this.#drawCursor();
  }

  #indexAt({ clientX }) {
    const { at } = this.#shown;
    if (!this.#scales || at.length === 0) return undefined;
    const moment = this.#scales.time(clientX - this.#picture.getBoundingClientRect().left);
    const step = this.#shown.step * 1000;
    return Math.min(Math.max(Math.round((moment - at[0]) / step), 0), at.length - 1);
  }

  #nearest(event) {
    const index = this.#indexAt(event);
    const down = event.clientY - this.#picture.getBoundingClientRect().top;
    const known = this.#shown.series.filter(({ values }) => values[index] !== null && index !== undefined);
    const away = ({ values }) => Math.abs(this.#scales.y(values[index]) - down);
    return known.sort((a, b) => away(a) - away(b))[0];
  }

  /** A value is what was counted from the read before its step to the last one in it. */
  #link({ target }, index) {
    const { at, step, interval } = this.#shown;
    return tracesLink(target.service, at[index] - 1000 * (step + interval), at[index], this.#measure.query);
  }

  #draw() {
    const width = this.#plot.clientWidth;
    const { at, series } = this.#shown;
    if (width === 0 || at.length === 0) return;
    this.#scales = scalesFor(at, series, width, this.#measure.least);
    this.#picture.setAttribute('width', width);
    this.#picture.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.#picture.replaceChildren(
      ...bands(this.#shown, this.#scales),
      ...axes(this.#scales, width, this.#measure.format),
      ...series.flatMap((line, place) => lines(line, place, at, this.#scales)),
      svg('g', { class: 'cursor' }),
      ...(series.some(({ values }) => values.some((value) => value !== null)) ? [] : [svg('text', { x: width / 2, y: HEIGHT / 2 }, 'Nothing observed in this time')]),
    );
    this.#drawCursor();
  }

  #drawCursor() {
    const { at, series } = this.#shown;
    if (!this.#scales || at.length === 0) return;
    const index = this.#index;
    const x = this.#scales.x(at[index]);
    const isChosen = this.#chosen !== undefined;
    const known = series.filter(({ values }) => values[index] !== null);
    const dots = known.map(({ target, values }) => svg('circle', { cx: x, cy: this.#scales.y(values[index]), r: 3.5, class: colourClass(target.service) }));
    this.#picture
      .querySelector('.cursor')
      ?.replaceChildren(...(isChosen ? [svg('line', { x1: x, x2: x, y1: EDGE.top, y2: HEIGHT - EDGE.bottom }), ...dots] : []));
    this.#moment.textContent = isChosen ? `at ${clockTime(at[index])}` : 'now';
    this.#drawLegend(index);
    this.#plot.setAttribute('aria-valuemax', at.length - 1);
    this.#plot.setAttribute('aria-valuenow', index);
    this.#plot.setAttribute('aria-valuetext', `${clockTime(at[index])}: ${series.map((line) => `${line.name} ${this.#told(line, index)}`).join(', ')}`);
  }

  /** Its links stay the same elements: a live update takes the focus from nobody. */
  #drawLegend(index) {
    const { series } = this.#shown;
    while (this.#legend.children.length > series.length) this.#legend.lastChild.remove();
    series.forEach((line, place) => {
      const item = this.#legend.children[place] ?? this.#legend.appendChild(legendItem(place));
      item.className = colourClass(line.target.service);
      const link = item.querySelector('a');
      if (link.textContent !== line.name) link.textContent = line.name;
      link.setAttribute('href', this.#link(line, index));
      link.setAttribute('title', `Traces of ${line.target.service} at ${clockTime(this.#shown.at[index])}`);
      item.querySelector('.value').textContent = this.#told(line, index);
    });
  }

  #told({ values, target }, index) {
    const value = values[index];
    if (value !== null) return this.#measure.format(value);
    const state = target.states[index];
    return state && state !== 'up' ? STATES[state] : '–';
  }

  #fillTable() {
    if (!this.#table.open) return;
    const { at, series } = this.#shown;
    if (!this.#table.querySelector('table')) {
      const body = el('table', {}, el('caption', { class: 'unseen' }, `${this.#measure.title}, newest first`), el('thead'), this.#rows.body);
      this.#table.append(el('div', { class: 'scroller', tabindex: 0, role: 'region', 'aria-label': `${this.#measure.title} as a table` }, body));
    }
    const head = el('tr', {}, ['Time', ...series.map(({ name }) => name)].map((name) => el('th', { scope: 'col' }, name)));
    this.#table.querySelector('thead').replaceChildren(head);
    const rows = at.map((moment, index) => ({ moment, values: series.map((line) => this.#told(line, index)), cells: () => this.#cells(index) })).reverse();
    this.#rows.show(rows, ({ moment }) => String(moment), ({ values }) => values.join('\n'));
  }

  #cells(index) {
    const { at, series } = this.#shown;
    const cell = (line) => {
      const told = this.#told(line, index);
      const title = `Traces of ${line.target.service} at ${clockTime(at[index])}`;
      return el('td', { class: 'number' }, line.values[index] === null ? told : el('a', { href: this.#link(line, index), title }, told));
    };
    return [el('th', { scope: 'row', class: 'number' }, clockTime(at[index])), ...series.map(cell)];
  }
}

function legendItem(place) {
  const sample = svg('svg', { width: 26, height: 8, 'aria-hidden': 'true' }, svg('line', { x1: 0, x2: 26, y1: 4, y2: 4, class: 'line', 'stroke-dasharray': DASHES[place % DASHES.length] }));
  return el('li', {}, sample, ' ', el('a', {}), ' ', el('span', { class: 'value' }));
}
