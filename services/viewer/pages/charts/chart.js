// Lines over time, with axes, a cursor for pointer and keys, what they were at it, and the same as a table.
//
// Each value leads to the traces of its service and moment. Invariant: what is not known is a gap, and where a target was not up that
// is shown as such; a zero is only drawn where there was one.

import { colourClass } from '../colour.js';
import { el, svg } from '../dom.js';
import { clockTime, niceStep } from '../format.js';
import { KeyedRows } from '../keyed.js';
import { tracesLink } from './measures.js';

const HEIGHT = 168;
const EDGE = { left: 58, right: 12, top: 10, bottom: 22 };
/** Not by colour alone. */
const DASHES = ['none', '7 3', '2 3', '8 3 2 3'];
/** Fewer minutes than these would be a picture of nothing. */
const LEAST_SPAN = 60_000;

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
      el('figcaption', { id }, el('strong', {}, measure.title), el('span', { class: 'unit' }, ` ${measure.unit} `), this.#moment),
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
    const isKnown = (index) => this.#shown.series.some(({ values }) => values[index] !== null);
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
    this.#scales = scalesFor(at, series, width);
    this.#picture.setAttribute('width', width);
    this.#picture.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.#picture.replaceChildren(
      ...bands(this.#shown, this.#scales),
      ...axes(this.#scales, width, this.#measure.format),
      ...series.flatMap((line, place) => lines(line, place, at, this.#scales)),
      svg('g', { class: 'cursor' }),
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

export const STATES = { up: 'up', down: 'down', not_served: 'no metrics', unreadable: 'unreadable' };

function legendItem(place) {
  const sample = svg('svg', { width: 26, height: 8, 'aria-hidden': 'true' }, svg('line', { x1: 0, x2: 26, y1: 4, y2: 4, class: 'line', 'stroke-dasharray': DASHES[place % DASHES.length] }));
  return el('li', {}, sample, ' ', el('a', {}), ' ', el('span', { class: 'value' }));
}

function scalesFor(at, series, width) {
  const last = at.at(-1);
  const first = Math.min(at[0], last - LEAST_SPAN);
  const most = Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)), 0);
  const step = most > 0 ? niceStep(most, 3) : 1;
  const top = Math.max(Math.ceil((most * 1.02) / step), 1) * step;
  const across = width - EDGE.left - EDGE.right;
  const down = HEIGHT - EDGE.top - EDGE.bottom;
  return {
    first, last, top, step,
    x: (moment) => EDGE.left + (across * (moment - first)) / (last - first),
    y: (value) => EDGE.top + down - (down * value) / top,
    time: (x) => first + ((x - EDGE.left) / across) * (last - first),
  };
}

function axes({ first, last, top, step, x, y }, width, format) {
  const marks = [];
  for (let value = 0; value <= top * 1.001; value += step) {
    marks.push(svg('line', { x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value), class: value === 0 ? 'zero' : 'grid' }));
    marks.push(svg('text', { x: EDGE.left - 8, y: y(value) + 4, class: 'end' }, format(value)));
  }
  const wanted = Math.max(Math.floor(width / 110), 2);
  const apart = TIME_STEPS.find((each) => (last - first) / each <= wanted) ?? TIME_STEPS.at(-1);
  for (let moment = Math.ceil(first / apart) * apart; moment <= last; moment += apart) {
    if (x(moment) < EDGE.left + 24 || x(moment) > width - 34) continue;
    marks.push(svg('line', { x1: x(moment), x2: x(moment), y1: HEIGHT - EDGE.bottom, y2: HEIGHT - EDGE.bottom + 4, class: 'zero' }));
    marks.push(svg('text', { x: x(moment), y: HEIGHT - 5 }, clockTime(moment)));
  }
  return marks;
}

const TIME_STEPS = [10, 15, 30, 60, 120, 300, 600].map((seconds) => seconds * 1000);

/** A line for each run of known values, a dot for one that is alone. */
function lines({ target, values }, place, at, { x, y }) {
  const runs = [];
  values.forEach((value, index) => {
    if (value === null) return;
    if (index === 0 || values[index - 1] === null) runs.push([]);
    runs.at(-1).push(`${x(at[index]).toFixed(1)} ${y(value).toFixed(1)}`);
  });
  const properties = { class: `line ${colourClass(target.service)}`, 'stroke-dasharray': DASHES[place % DASHES.length] };
  return runs.map((run) => {
    if (run.length > 1) return svg('path', { ...properties, d: `M${run.join('L')}` });
    const [cx, cy] = run[0].split(' ');
    return svg('circle', { cx, cy, r: 2.5, class: `single ${colourClass(target.service)}` });
  });
}

/** Where a target was not up. */
function bands({ at, step, targets }, { x, first }) {
  const found = [];
  for (const { states, service, label } of targets) {
    let from;
    states.forEach((state, index) => {
      const isOut = state !== null && state !== 'up';
      if (isOut && from === undefined) from = index;
      const isEnd = from !== undefined && (!isOut || index === states.length - 1);
      if (!isEnd) return;
      const [left, right] = [x(Math.max(at[from] - step * 1000, first)), x(at[isOut ? index : index - 1])];
      const title = svg('title', {}, `${label} ${STATES[states[from]]}`);
      found.push(svg('rect', { x: left, width: Math.max(right - left, 2), y: EDGE.top, height: HEIGHT - EDGE.top - EDGE.bottom, class: `out ${colourClass(service)}` }, title));
      if (right - left > 60) found.push(svg('text', { x: (left + right) / 2, y: EDGE.top + 14 + 15 * targets.findIndex((target) => target.label === label), class: 'out-name' }, right - left > 150 ? `${label} ${STATES[states[from]]}` : STATES[states[from]]));
      from = undefined;
    });
  }
  return found;
}
