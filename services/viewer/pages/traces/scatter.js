// Duration over time; a dot is a trace. The table below has the same traces for whoever does not point.

import { el, svg } from '../dom.js';
import { duration, parts, plural } from '../format.js';
import { timeTicks } from './ticks.js';

const HEIGHT = 180;
const EDGE = { left: 62, right: 14, top: 10, bottom: 24 };

export class Scatter {
  #traces = [];
  #isDated = false;
  #picture = svg('svg', { role: 'img', height: HEIGHT, onclick: (event) => this.#open(event) });
  element = el('div', { class: 'scatter', hidden: true }, this.#picture);

  constructor() {
    new ResizeObserver(() => this.#draw()).observe(this.element);
  }

  /** `isDated` says that they did not all begin on one day. */
  show(traces, isDated) {
    this.#traces = traces;
    this.#isDated = isDated;
    this.element.hidden = traces.length === 0;
    this.#draw();
  }

  #open(event) {
    const { id } = event.target.dataset;
    if (id) location.assign(`/trace/${id}`);
  }

  #draw() {
    const width = this.element.clientWidth;
    if (width === 0 || this.#traces.length === 0) return;
    const scales = scalesFor(this.#traces, width);
    this.#picture.setAttribute('width', width);
    this.#picture.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
    this.#picture.setAttribute('aria-label', `Duration over time of ${plural(this.#traces.length, 'trace')}; the table below lists them.`);
    this.#picture.replaceChildren(...axes(scales, width, this.#isDated), ...this.#traces.map((trace) => dot(trace, scales, this.#isDated)));
  }
}

/** Time in a straight line, duration by powers of ten: short and long traces are both to be seen. */
function scalesFor(traces, width) {
  const starts = traces.map(({ start }) => Number(start / 1_000_000n));
  const logs = traces.map(({ ms }) => Math.log10(Math.max(ms, 0.001)));
  const [first, last] = widened(Math.min(...starts), Math.max(...starts), 500);
  const [low, high] = widened(Math.min(...logs), Math.max(...logs), 0.2);
  const across = width - EDGE.left - EDGE.right;
  const down = HEIGHT - EDGE.top - EDGE.bottom;
  return {
    first, last, low, high,
    x: (ms) => EDGE.left + (across * (ms - first)) / (last - first),
    y: (log) => EDGE.top + down - (down * (log - low)) / (high - low),
  };
}

const widened = (low, high, least) => [low - Math.max((high - low) * 0.04, least), high + Math.max((high - low) * 0.04, least)];

function axes({ first, last, low, high, x, y }, width, isDated) {
  const marks = [];
  for (const log of durationTicks(low, high)) {
    marks.push(svg('line', { x1: EDGE.left, x2: width - EDGE.right, y1: y(log), y2: y(log) }));
    marks.push(svg('text', { x: EDGE.left - 8, y: y(log) + 4, class: 'end' }, duration(10 ** log)));
  }
  for (const { at, text, room } of timeTicks(first, last, width, isDated)) {
    if (x(at) > width - room) break;
    marks.push(svg('text', { x: x(at), y: HEIGHT - 6 }, text));
  }
  return marks;
}

/** 1, 2 and 5 of each power of ten where there is little between top and bottom, else the powers alone. */
function durationTicks(low, high) {
  const factors = high - low < 1.6 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let power = Math.floor(low); power <= high; power += 1) {
    for (const factor of factors) ticks.push(power + Math.log10(factor));
  }
  return ticks.filter((log) => log >= low && log <= high);
}

function dot({ id, service, name, start, ms, errors }, { x, y }, isDated) {
  const at = { cx: x(Number(start / 1_000_000n)), cy: y(Math.log10(Math.max(ms, 0.001))) };
  const title = svg('title', {}, `${service}: ${name}, ${duration(ms)}, ${parts(start, isDated).join('')}${errors > 0 ? ', with errors' : ''}`);
  // Not by colour alone: what failed is a square.
  if (errors > 0) return svg('rect', { x: at.cx - 4.5, y: at.cy - 4.5, width: 9, height: 9, class: 'dot failed', 'data-id': id }, title);
  return svg('circle', { ...at, r: 4.5, class: 'dot', 'data-id': id }, title);
}
