// The whole trace in a strip: where the spans are, and which part the waterfall shows. By dragging, or by keys.

import { colourClass } from '../colour.js';
import { el, svg } from '../dom.js';
import { duration } from '../format.js';
import { walk } from './model.js';

/** The picture's own pixels, however many spans there are. */
const ACROSS = 1000;
const DOWN = 24;
/** A shorter drag is a click. */
const LEAST_DRAG = 4;

export class Minimap {
  #view;
  #picture = svg('svg', { viewBox: `0 0 ${ACROSS} ${DOWN}`, preserveAspectRatio: 'none', 'aria-hidden': 'true' });
  #shown = el('div', { class: 'shown' });
  element;

  /** `onView` is called when the reader has chosen another part of `view`. */
  constructor(view, onView) {
    this.#view = view;
    this.element = el(
      'div',
      { class: 'minimap', role: 'slider', tabindex: 0, 'aria-label': 'Part of the time that is shown', 'aria-orientation': 'horizontal', 'aria-valuemin': 0, 'aria-valuemax': 100 },
      this.#picture,
      this.#shown,
    );
    const within = (share) => share * view.total;
    dragged(this.element, {
      onRange: (from, to) => {
        view.show(within(from), within(to));
        onView();
      },
      onClick: (share) => {
        view.move((within(share) - view.from - view.span / 2) / (view.span || 1));
        onView();
      },
    });
    this.element.addEventListener('keydown', (event) => {
      if (!this.#key(event)) return;
      event.preventDefault();
      onView();
    });
  }

  /** Draws the spans of another trace, or of more of the same. */
  show(trace) {
    const paths = strips(trace).map(([className, d]) => svg('path', { class: className, d }));
    this.#picture.replaceChildren(...paths);
  }

  /** Marks the part that is shown. */
  mark() {
    const { from, to, span, total, isWhole } = this.#view;
    const share = (moment) => (total > 0 ? (100 * moment) / total : 0);
    this.element.classList.toggle('whole', isWhole);
    this.#shown.style.left = `${share(from)}%`;
    this.#shown.style.width = `${isWhole ? 100 : share(span)}%`;
    this.element.setAttribute('aria-valuenow', Math.round(share((from + to) / 2)));
    this.element.setAttribute('aria-valuetext', isWhole ? `the whole, ${duration(total)}` : `${duration(from)} to ${duration(to)} of ${duration(total)}`);
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return false;
    const view = this.#view;
    const moves = {
      ArrowLeft: () => view.move(-0.1),
      ArrowDown: () => view.move(-0.1),
      ArrowRight: () => view.move(0.1),
      ArrowUp: () => view.move(0.1),
      PageDown: () => view.move(-1),
      PageUp: () => view.move(1),
      Home: () => view.move(-Infinity),
      End: () => view.move(Infinity),
    };
    const action = moves[event.key];
    if (action) action();
    return Boolean(action) || zoomKey(view, event.key);
  }
}

/** `+`, `-` and `0`, wherever the time is looked at. */
export function zoomKey(view, key, around) {
  if (key === '+' || key === '=') view.zoom(0.5, around);
  else if (key === '-' || key === '_') view.zoom(2, around);
  else if (key === '0') view.whole();
  else return false;
  return true;
}

/** Tells of a drag over `place` as two shares of its width, and of a click as one. */
export function dragged(place, { onRange, onClick }) {
  const selection = el('div', { class: 'selection', hidden: true });
  place.append(selection);
  let from;
  const share = ({ clientX }) => {
    const { left, width } = place.getBoundingClientRect();
    return Math.min(Math.max((clientX - left) / width, 0), 1);
  };
  place.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    from = { x: event.clientX, share: share(event) };
    place.setPointerCapture(event.pointerId);
  });
  place.addEventListener('pointermove', (event) => {
    if (!from) return;
    const [low, high] = [from.share, share(event)].sort((a, b) => a - b);
    selection.hidden = Math.abs(event.clientX - from.x) < LEAST_DRAG;
    selection.style.left = `${100 * low}%`;
    selection.style.width = `${100 * (high - low)}%`;
  });
  const end = () => {
    selection.hidden = true;
    from = undefined;
  };
  place.addEventListener('pointercancel', end);
  place.addEventListener('pointerup', (event) => {
    if (!from) return;
    const [low, high] = [from.share, share(event)].sort((a, b) => a - b);
    const isDrag = Math.abs(event.clientX - from.x) >= LEAST_DRAG;
    end();
    if (isDrag) onRange(low, high);
    else onClick?.(high);
  });
}

/** A path for each colour: of each cell the last span that is in it. */
function strips(trace) {
  const cells = Array.from({ length: DOWN }, () => new Uint8Array(ACROSS));
  const classes = [''];
  const each = ACROSS / (trace.duration || 1);
  let place = 0;
  for (const top of trace.tops) {
    walk(top, ({ span, from, to }) => {
      const row = cells[Math.floor((place * DOWN) / trace.nodes.size)];
      place += 1;
      let colour = classes.indexOf(colourClass(span.service));
      if (colour < 0) colour = classes.push(colourClass(span.service)) - 1;
      const first = Math.min(Math.floor(from * each), ACROSS - 1);
      row.fill(colour, first, Math.max(Math.ceil(to * each), first + 1));
    });
  }
  const paths = classes.map(() => []);
  cells.forEach((row, y) => {
    for (let from = 0; from < ACROSS; ) {
      let to = from + 1;
      while (to < ACROSS && row[to] === row[from]) to += 1;
      if (row[from] > 0) paths[row[from]].push(`M${from} ${y}h${to - from}v1h${from - to}z`);
      from = to;
    }
  });
  return paths.map((path, place) => [classes[place], path.join('')]).filter(([, path]) => path);
}
