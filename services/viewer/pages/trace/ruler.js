// The time axis above the spans; a drag over it shows that part.

import { el } from '../dom.js';
import { duration, niceStep } from '../format.js';
import { dragged } from './minimap.js';

/** Percent of the width beyond which the text of a tick would be cut. */
const LAST_TICK = 93;

export class Ruler {
  #view;
  #marks = el('div', { class: 'marks' });
  #ticks = el('div', { class: 'ticks', title: 'Drag to see a part of the time' }, this.#marks);
  element = el('div', { class: 'ruler', 'aria-hidden': 'true' }, el('span', { class: 'heading' }, 'Span'), this.#ticks);

  /** `onView` is called when the reader has chosen another part of `view`. */
  constructor(view, onView) {
    this.#view = view;
    const moment = (share) => view.from + share * view.span;
    const onRange = (from, to) => {
      view.show(moment(from), moment(to));
      onView();
    };
    dragged(this.#ticks, { onRange });
  }

  /** Draws at most `most` ticks, and lets the lines behind the spans follow (`--tick`, trace.css). */
  draw(most) {
    const view = this.#view;
    const step = view.span > 0 ? niceStep(view.span, most) : 1;
    const first = Math.ceil(view.from / step - 1e-9);
    const apart = view.span > 0 ? step / view.span : 1;
    const { style } = this.element.parentElement;
    style.setProperty('--tick', `${100 * apart}%`);
    // A background's place is a share of what it leaves free.
    style.setProperty('--tick-from', `${apart < 1 ? view.at(first * step) / (1 - apart) : 0}%`);
    const ticks = [];
    for (let tick = first; view.at(tick * step) <= LAST_TICK; tick += 1) {
      ticks.push(el('span', { style: { left: `${view.at(tick * step)}%` } }, tickText(tick * step, step)));
      if (view.span === 0) break;
    }
    this.#marks.replaceChildren(...ticks);
  }
}

/** As fine as the ticks are apart: 12.34 and 12.35 ms are both 12.3 ms to `duration`. */
function tickText(ms, step) {
  const [factor, unit] = ms >= 1000 ? [1000, 's'] : ms >= 1 || step >= 1 ? [1, 'ms'] : [0.001, 'µs'];
  const places = Math.max(-Math.floor(Math.log10(step / factor) + 1e-9), 0);
  return places <= 2 ? duration(ms) : `${(ms / factor).toFixed(Math.min(places, 6))} ${unit}`;
}
