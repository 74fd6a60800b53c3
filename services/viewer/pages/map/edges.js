// An edge of the map: an arrow around what lies between, with what its calls came to.

import { svg } from '../dom.js';
import { duration } from '../format.js';
import { percent, rate } from './figures.js';

const ARROW = 9;
const THINNEST = 1.5;
const WIDEST = 5.5;
/** Half of what lies between calls there and calls back: their texts stand side by side, or one above the other. */
const ASIDE = { right: 16, down: 34 };
/** Where the text of a call back stands: near its caller, since the calls there begin where it ends. */
const BACK = 0.35;

/** Its name for those who listen, its classes, its parts, and what they depend on besides the edge itself. */
export function edgeShape(edge, scene) {
  const isLoop = edge.source === edge.target;
  const { d, head, label } = isLoop ? loop(edge, scene) : way(edge, scene);
  const width = THINNEST + (WIDEST - THINNEST) * Math.sqrt(edge.requests / scene.most);
  return {
    name: `${edge.source} to ${edge.target}`,
    classes: `arrow${edge.error_share > 0 ? ' failing' : ''}`,
    parts: [
      svg('path', { d, class: 'reach' }),
      svg('path', { d, class: 'call', 'stroke-width': width.toFixed(2) }),
      svg('path', { d: head, class: 'head' }),
      texts(edge, label, isLoop, scene.direction === 'down'),
    ],
    state: [d, width.toFixed(2), label],
  };
}

/** Above the arrow and below it, where that is short in three lines; beside a loop in one. */
function texts(edge, [x, y], isLoop, isDown) {
  const lines = [rate(edge.requests_per_second), duration(edge.p95_ms)];
  const failed = (lead) => edge.error_share > 0 && svg('tspan', { class: 'errors' }, `${lead}⚠ ${percent(edge.error_share)}`);
  const line = (dy, ...content) => svg('text', { x, y: y + dy, class: 'said' }, content);
  if (isLoop) return [svg('text', { x, y, class: 'said beside' }, lines.join(' · '), failed(' '))];
  if (isDown) return [line(-8, lines[0]), line(6, lines[1]), edge.error_share > 0 && line(20, failed(''))].filter(Boolean);
  return [line(-6, lines[0]), line(15, lines[1], failed(' '))];
}

/** From border to border; all of it in along and across, which `down` exchanges. */
function way(edge, { size, direction, places, ends, degrees }) {
  const isDown = direction === 'down';
  const turn = ([a, b]) => (isDown ? [b, a] : [a, b]);
  const [from, to] = [turn(places.get(edge.source)), turn(places.get(edge.target))];
  const half = (isDown ? size.height : size.width) / 2;
  const sign = to[0] >= from[0] ? 1 : -1;
  const aside = ends.has(`${edge.target}\n${edge.source}`) ? sign * ASIDE[direction] : 0;
  const shifted = ([along, across]) => [along, across + aside];
  const end = shifted([to[0] - sign * half, to[1]]);
  const stops = [shifted([from[0] + sign * half, from[1]]), ...edge.bends.map((bend) => shifted(turn(bend))), [end[0] - sign * ARROW, end[1]]];
  const point = (place) => turn(place).map((number) => number.toFixed(1)).join(' ');
  let d = `M${point(stops[0])}`;
  for (let index = 1; index < stops.length; index += 1) {
    const [before, after] = [stops[index - 1], stops[index]];
    const middle = (before[0] + after[0]) / 2;
    d += `C${point([middle, before[1]])} ${point([middle, after[1]])} ${point(after)}`;
  }
  const head = `M${point(end)}L${point([end[0] - sign * ARROW, end[1] - 5.5])}L${point([end[0] - sign * ARROW, end[1] + 5.5])}Z`;
  return { d, head, label: turn(along(stops[0], stops[1], sign < 0 ? BACK : crowded(edge, degrees))) };
}

/** Where its text stands on the way: away from the end at which it meets more others. */
function crowded({ source, target }, { out, into }) {
  const [leaving, coming] = [out.get(source), into.get(target)];
  return leaving > coming ? 0.6 : leaving < coming ? 0.4 : 0.5;
}

/** A point of the curve between two stops. */
function along([x0, y0], [x1, y1], part) {
  const rest = 1 - part;
  const end = part ** 3;
  const slope = 3 * rest * part;
  const middle = (x0 + x1) / 2;
  return [rest ** 3 * x0 + slope * middle + end * x1, (rest ** 3 + slope * rest) * y0 + (slope * part + end) * y1];
}

/** Out of the top of the node and back into it. */
function loop(edge, { size, places }) {
  const [x, y] = places.get(edge.source);
  const top = y - size.height / 2 + 2;
  const [left, right] = [x - 22, x + 22];
  return {
    d: `M${left} ${top}C${left} ${top - 22} ${right} ${top - 22} ${right} ${top - ARROW}`,
    head: `M${right} ${top}l-5.5 ${-ARROW}h11Z`,
    label: [right + 9, top - 5],
  };
}
