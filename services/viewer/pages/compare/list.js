// The pairs of a comparison. As in the waterfall only the rows in view are in the document, so ten thousand cost as much as forty.

import { el } from '../dom.js';
import { duration, niceStep } from '../format.js';
import { pairRow, rowId } from './row.js';

const WIDE_ROW = 34;
const NARROW_ROW = 74;
const MARGIN_ROWS = 8;
const narrow = matchMedia('(max-width: 44rem)');

export class PairList {
  #pairs = [];
  #isFlat = false;
  #total = 0;
  #active = 0;
  #selected;
  #onSelect;
  #ruler = el('div', { class: 'ruler', 'aria-hidden': 'true' });
  #canvas = el('div', { class: 'canvas', role: 'presentation' });
  #tree = el('div', { class: 'tree', role: 'tree', tabindex: 0, 'aria-label': 'Spans of both traces' }, this.#canvas);
  element = el('div', { class: 'pairs-list' }, this.#ruler, this.#tree);

  /** `onSelect` gets a pair, or nothing when the choice is taken back. */
  constructor(onSelect) {
    this.#onSelect = onSelect;
    this.#tree.addEventListener('scroll', () => requestAnimationFrame(() => this.#draw()));
    this.#tree.addEventListener('keydown', (event) => this.#key(event));
    this.#tree.addEventListener('click', (event) => this.#choose(Number(event.target.closest('[data-place]')?.dataset.place ?? -1)));
    new ResizeObserver(() => this.#draw()).observe(this.#tree);
    narrow.addEventListener('change', () => this.#layOut());
  }

  /** `total` is what the bars are parts of; a flat list is not indented. */
  show(pairs, { total, isFlat }) {
    this.#pairs = pairs;
    this.#total = total;
    this.#isFlat = isFlat;
    this.#active = Math.min(this.#active, Math.max(pairs.length - 1, 0));
    this.#layOut();
  }

  focus() {
    this.#tree.focus({ preventScroll: true });
  }

  unselect() {
    this.#selected = undefined;
    this.#draw();
    this.#onSelect(undefined);
  }

  get #height() {
    return narrow.matches ? NARROW_ROW : WIDE_ROW;
  }

  #layOut() {
    this.#canvas.style.height = `${this.#pairs.length * this.#height}px`;
    this.#drawRuler();
    this.#draw();
  }

  #drawRuler() {
    const total = this.#total;
    const step = total > 0 ? niceStep(total, narrow.matches ? 3 : 5) : 1;
    this.element.style.setProperty('--tick', total > 0 ? `${(100 * step) / total}%` : '100%');
    const ticks = [];
    for (let at = 0; at <= total * 0.9; at += step) {
      ticks.push(el('span', { style: { left: `${total > 0 ? (100 * at) / total : 0}%` } }, duration(at)));
      if (total === 0) break;
    }
    const heading = (text, name) => el('span', { class: name }, text);
    this.#ruler.replaceChildren(heading('Span', 'heading'), el('div', { class: 'ticks' }, ticks), heading('Left', 'took left'), heading('Right', 'took right'), heading('Difference', 'difference'));
  }

  #draw() {
    const { scrollTop, clientHeight } = this.#tree;
    const first = Math.max(Math.floor(scrollTop / this.#height) - MARGIN_ROWS, 0);
    const last = Math.min(Math.ceil((scrollTop + clientHeight) / this.#height) + MARGIN_ROWS, this.#pairs.length);
    this.#canvas.replaceChildren(...this.#pairs.slice(first, last).map((each, offset) => this.#row(each, first + offset)));
    if (this.#active >= first && this.#active < last) this.#tree.setAttribute('aria-activedescendant', rowId(this.#active));
    else this.#tree.removeAttribute('aria-activedescendant');
  }

  #row(each, place) {
    return pairRow(each, {
      place,
      of: this.#pairs.length,
      top: place * this.#height,
      total: this.#total,
      isActive: place === this.#active,
      isSelected: each === this.#selected,
      isFlat: this.#isFlat,
    });
  }

  #choose(place) {
    const each = this.#pairs[place];
    if (!each) return;
    this.#selected = each;
    this.#activate(place);
    this.#onSelect(each);
  }

  /** Makes a row the one that the keys work on, and brings it into view. */
  #activate(place) {
    this.#active = Math.min(Math.max(place, 0), this.#pairs.length - 1);
    const top = this.#active * this.#height;
    const { scrollTop, clientHeight } = this.#tree;
    if (top < scrollTop) this.#tree.scrollTop = top;
    else if (top + this.#height > scrollTop + clientHeight) this.#tree.scrollTop = top + this.#height - clientHeight;
    this.#draw();
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(Math.floor(this.#tree.clientHeight / this.#height) - 1, 1);
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -Infinity, End: Infinity };
    const actions = { Enter: () => this.#choose(this.#active), ' ': () => this.#choose(this.#active), Escape: () => this.unselect() };
    const step = steps[event.key];
    if (step === undefined && !actions[event.key]) return;
    event.preventDefault();
    if (step === undefined) actions[event.key]();
    else this.#activate(this.#active + step);
  }
}
