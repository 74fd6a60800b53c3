// The spans of a trace over time. Only the rows in view are in the document, so ten thousand spans cost as much as forty.

import { el } from '../dom.js';
import { Minimap, zoomKey } from './minimap.js';
import { walk } from './model.js';
import { row, rowId } from './rows.js';
import { Ruler } from './ruler.js';
import { TimeView } from './view.js';

const WIDE_ROW = 30;
const NARROW_ROW = 50;
const MARGIN_ROWS = 8;
/** With the shift key, along the time instead of the tree. */
const MOVES = { ArrowLeft: -0.1, ArrowRight: 0.1 };
const narrow = matchMedia('(max-width: 44rem)');

export class Waterfall {
  #trace;
  #rows = [];
  #collapsed = new Set();
  #active = 0;
  #selected;
  #onSelect;
  #onView;
  #view = new TimeView();
  #wanted;
  #minimap = new Minimap(this.#view, () => this.#viewed());
  #ruler = new Ruler(this.#view, () => this.#viewed());
  #canvas = el('div', { class: 'canvas', role: 'presentation' });
  #tree = el('div', { class: 'tree', role: 'tree', tabindex: 0, 'aria-label': 'Spans of the trace' }, this.#canvas);
  element = el('div', { class: 'waterfall' }, this.#minimap.element, this.#ruler.element, this.#tree);

  /** `onSelect` gets the node of a span, or nothing when the choice is taken back; `onView` is called when another part of the time is shown. */
  constructor(onSelect, onView) {
    this.#onSelect = onSelect;
    this.#onView = onView;
    this.#tree.addEventListener('scroll', () => requestAnimationFrame(() => this.#draw()));
    this.#tree.addEventListener('keydown', (event) => this.#key(event));
    this.#tree.addEventListener('click', (event) => this.#click(event));
    new ResizeObserver(() => this.#draw()).observe(this.#tree);
    narrow.addEventListener('change', () => this.#layOut());
  }

  /** Shows a trace, or more of the same one: what is chosen and folded stays. */
  show(trace) {
    const active = this.#rows[this.#active]?.span.id;
    this.#trace = trace;
    this.#view.total = trace.duration;
    if (this.#wanted) this.#view.show(...this.#wanted);
    this.#wanted = undefined;
    this.#minimap.show(trace);
    this.#layOut();
    this.#active = Math.max(this.#rows.findIndex(({ span }) => span.id === active), 0);
    this.#draw();
  }

  /** Chooses a span by its id, unfolding what hides it. False if it is not in the trace. */
  select(id, { focus = false } = {}) {
    const found = this.#trace?.nodes.get(id);
    if (!found) return false;
    for (let above = found.parent; above; above = above.parent) this.#collapsed.delete(above.span.id);
    this.#layOut();
    this.#selected = id;
    this.#activate(this.#rows.indexOf(found));
    if (focus) this.focus();
    this.#onSelect(found);
    return true;
  }

  /** The part of the time that is shown, `[from, to]` in milliseconds from the trace's first moment; nothing for the whole. */
  get part() {
    return this.#view.isWhole ? undefined : [this.#view.from, this.#view.to];
  }

  /** Shows a part of the next trace that comes. */
  want(from, to) {
    this.#wanted = [from, to];
  }

  zoomIn() {
    this.#zoom('+');
  }

  zoomOut() {
    this.#zoom('-');
  }

  showWhole() {
    this.#zoom('0');
  }

  #zoom(key) {
    if (!this.#trace || !zoomKey(this.#view, key, this.#around())) return;
    this.#viewed();
  }

  /** The span that the reader is at stays in view. */
  #around() {
    const each = this.#rows[this.#active];
    const { from, to } = this.#view;
    const isChosen = each && each.span.id === this.#selected;
    if (!isChosen || each.to < from || each.from > to) return undefined;
    return (Math.max(each.from, from) + Math.min(each.to, to)) / 2;
  }

  #viewed() {
    this.#ruler.draw(narrow.matches ? 3 : 6);
    this.#minimap.mark();
    this.#draw();
    this.#onView?.();
  }

  unselect() {
    this.#selected = undefined;
    this.#draw();
    this.#onSelect(undefined);
  }

  focus() {
    this.#tree.focus({ preventScroll: true });
  }

  foldAll() {
    for (const { span, children } of this.#trace.nodes.values()) if (children.length > 0) this.#collapsed.add(span.id);
    this.#collapsed.delete(this.#trace.root.span.id);
    this.#layOut();
    this.#activate(0);
  }

  unfoldAll() {
    const active = this.#rows[this.#active];
    this.#collapsed.clear();
    this.#layOut();
    this.#activate(Math.max(this.#rows.indexOf(active), 0));
  }

  get #height() {
    return narrow.matches ? NARROW_ROW : WIDE_ROW;
  }

  #layOut() {
    if (!this.#trace) return;
    this.#rows = [];
    for (const top of this.#trace.tops) {
      walk(top, (each) => {
        this.#rows.push(each);
        return !this.#collapsed.has(each.span.id);
      });
    }
    this.#canvas.style.height = `${this.#rows.length * this.#height}px`;
    this.#ruler.draw(narrow.matches ? 3 : 6);
    this.#minimap.mark();
    this.#draw();
  }

  #draw() {
    if (!this.#trace) return;
    const { scrollTop, clientHeight } = this.#tree;
    const first = Math.max(Math.floor(scrollTop / this.#height) - MARGIN_ROWS, 0);
    const last = Math.min(Math.ceil((scrollTop + clientHeight) / this.#height) + MARGIN_ROWS, this.#rows.length);
    const drawn = this.#rows.slice(first, last).map((each, offset) => this.#row(each, first + offset));
    this.#canvas.replaceChildren(...drawn);
    const isDrawn = this.#active >= first && this.#active < last;
    if (isDrawn) this.#tree.setAttribute('aria-activedescendant', rowId(this.#active));
    else this.#tree.removeAttribute('aria-activedescendant');
  }

  #row(each, index) {
    return row(each, {
      index,
      top: index * this.#height,
      view: this.#view,
      isActive: index === this.#active,
      isSelected: each.span.id === this.#selected,
      isCollapsed: this.#collapsed.has(each.span.id),
    });
  }

  /** Makes a row the one that the keys work on, and brings it into view. */
  #activate(index) {
    this.#active = Math.min(Math.max(index, 0), this.#rows.length - 1);
    const top = this.#active * this.#height;
    const { scrollTop, clientHeight } = this.#tree;
    if (top < scrollTop) this.#tree.scrollTop = top;
    else if (top + this.#height > scrollTop + clientHeight) this.#tree.scrollTop = top + this.#height - clientHeight;
    this.#draw();
  }

  #fold(each, fold) {
    if (fold) this.#collapsed.add(each.span.id);
    else this.#collapsed.delete(each.span.id);
    this.#layOut();
    this.#activate(this.#rows.indexOf(each));
  }

  #click(event) {
    const index = Number(event.target.closest('[data-index]')?.dataset.index ?? -1);
    const each = this.#rows[index];
    if (!each) return;
    this.#activate(index);
    if (event.target.dataset.toggle === undefined) this.select(each.span.id);
    else this.#fold(each, !this.#collapsed.has(each.span.id));
  }

  #key(event) {
    const each = this.#rows[this.#active];
    if (!each || event.altKey || event.ctrlKey || event.metaKey) return;
    const page = Math.max(Math.floor(this.#tree.clientHeight / this.#height) - 1, 1);
    const actions = {
      ArrowDown: () => this.#activate(this.#active + 1),
      ArrowUp: () => this.#activate(this.#active - 1),
      PageDown: () => this.#activate(this.#active + page),
      PageUp: () => this.#activate(this.#active - page),
      Home: () => this.#activate(0),
      End: () => this.#activate(this.#rows.length - 1),
      ArrowRight: () => this.#inwards(each),
      ArrowLeft: () => this.#outwards(each),
      Enter: () => this.select(each.span.id),
      ' ': () => this.select(each.span.id),
      Escape: () => this.unselect(),
      '+': () => this.#zoom('+'),
      '=': () => this.#zoom('+'),
      '-': () => this.#zoom('-'),
      '0': () => this.#zoom('0'),
    };
    if (event.shiftKey && MOVES[event.key]) {
      event.preventDefault();
      this.#view.move(MOVES[event.key]);
      this.#viewed();
      return;
    }
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  #inwards(each) {
    if (this.#collapsed.has(each.span.id)) this.#fold(each, false);
    else if (each.children.length > 0) this.#activate(this.#active + 1);
  }

  #outwards(each) {
    const isOpen = each.children.length > 0 && !this.#collapsed.has(each.span.id);
    if (isOpen) this.#fold(each, true);
    else if (each.parent) this.#activate(this.#rows.indexOf(each.parent));
  }
}
