// The picture of a chart: scales, axes, lines, and the times in which a target was not up.

import { colourClass } from '../colour.js';
import { svg } from '../dom.js';
import { clockTime, niceStep } from '../format.js';

export const HEIGHT = 168;
export const EDGE = { left: 58, right: 12, top: 10, bottom: 22 };
/** Not by colour alone. */
export const DASHES = ['none', '7 3', '2 3', '8 3 2 3'];
/** Fewer milliseconds than these would be a picture of nothing. */
const LEAST_SPAN = 60_000;
const TIME_STEPS = [10, 15, 30, 60, 120, 300, 600].map((seconds) => seconds * 1000);

/** How each state of a target is said. */
export const STATES = { up: 'up', down: 'down', not_served: 'no metrics', unreadable: 'unreadable' };

/** `least` is the smallest step of the axis: there is no half of a connection. */
export function scalesFor(at, series, width, least = 0) {
  const last = at.at(-1);
  const first = Math.min(at[0], last - LEAST_SPAN);
  const most = Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)), 0);
  const step = most > 0 ? Math.max(niceStep(most, 3), least) : 1;
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

export function axes({ first, last, top, step, x, y }, width, format) {
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

/** A line for each run of known values, a dot for one that is alone. */
export function lines({ target, values }, place, at, { x, y }) {
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

/** Where a target was not up: named where there is room for it, once where there is not. */
export function bands({ at, step, targets }, { x, first }) {
  const told = new Set();
  return targets.flatMap((target, place) =>
    outages(target.states).flatMap(({ from, to, state }) => {
      const [left, right] = [x(Math.max(at[from] - step * 1000, first)), x(at[to])];
      const [short, long] = [STATES[state], `${target.label} ${STATES[state]}`];
      const band = { x: left, width: Math.max(right - left, 2), y: EDGE.top, height: HEIGHT - EDGE.top - EDGE.bottom, class: `out ${colourClass(target.service)}` };
      const isLong = right - left > 7 * long.length;
      const isTold = right - left < 60 || (!isLong && told.has(from));
      told.add(from);
      const name = { x: (left + right) / 2, y: EDGE.top + 14 + (isLong ? 15 * place : 0), class: 'out-name' };
      return [svg('rect', band, svg('title', {}, long)), ...(isTold ? [] : [svg('text', name, isLong ? long : short)])];
    }),
  );
}

/** Runs of steps in which a target was not up: the first, the last, and how it was at first. */
function outages(states) {
  const found = [];
  states.forEach((state, index) => {
    const isOut = state !== null && state !== 'up';
    if (!isOut) return;
    const last = found.at(-1);
    if (last?.to === index - 1) last.to = index;
    else found.push({ from: index, to: index, state });
  });
  return found;
}
