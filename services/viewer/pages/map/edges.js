// An edge of the map: an arrow around what lies between, with what its calls came to.

import { svg } from '../dom.js';
import { duration } from '../format.js';
import { percent, rate } from './figures.js';

const ARROW = 9;
const THINNEST = 1.5;
const WIDEST = 5.5;
/** Half of what lies between calls there and calls back: their texts stand side by side, or one above the other. */
const ASIDE = { right: 16, down: 34 };
/** Where on its way a text may stand, the first that is free. */
const PARTS = [0.5, 0.6, 0.4, 0.7, 0.3, 0.8, 0.2];
/** A text's room, by whether it tells of failures; whatever the numbers are, so that it does not jump about. */
const ROOM = { right: [58, 98], down: [48, 52] };

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

/** Above the arrow and below it; beside one that goes down, and beside a loop. */
function texts(edge, [x, y], isLoop, isDown) {
  const lines = [rate(edge.requests_per_second), duration(edge.p95_ms)];
  const failed = (lead) => edge.error_share > 0 && svg('tspan', { class: 'errors' }, `${lead}⚠ ${percent(edge.error_share)}`);
  const line = (dx, dy, ...content) => svg('text', { x: x + dx, y: y + dy, class: dx > 0 ? 'said beside' : 'said' }, content);
  if (isLoop) return [line(9, -5, lines.join(' · '), failed(' '))];
  if (isDown) return [line(8, -8, lines[0]), line(8, 6, lines[1]), edge.error_share > 0 && line(8, 20, failed(''))].filter(Boolean);
  return [line(0, -6, lines[0]), line(0, 15, lines[1], failed(' '))];
}

/** From border to border; all of it in along and across, which `down` exchanges. */
function way(edge, { size, direction, places, ends, taken }) {
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
  const segments = [[stops[0], stops[1]], [stops.at(-2), stops.at(-1)]];
  return { d, head, label: freePlace(segments.flatMap(([a, b]) => PARTS.map((part) => turn(along(a, b, part)))), edge, direction, taken) };
}

/** Takes the first place at which the text lies on no node and on no other text. */
function freePlace(places, edge, direction, taken) {
  const width = ROOM[direction][edge.error_share > 0 ? 1 : 0];
  const room = ([x, y]) => (direction === 'down' ? [x + 6, y - 19, x + 6 + width, y + 23] : [x - width / 2, y - 17, x + width / 2, y + 19]);
  const isFree = ([left, top, right, bottom]) => taken.every((other) => left >= other[2] || right <= other[0] || top >= other[3] || bottom <= other[1]);
  const place = places.find((each) => isFree(room(each))) ?? places[0];
  taken.push(room(place));
  return place;
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
function loop(edge, { size, places, taken }) {
  const [x, y] = places.get(edge.source);
  const top = y - size.height / 2 + 2;
  const [left, right] = [x - 22, x + 22];
  taken.push([left, top - 22, right + 140, top]);
  return {
    d: `M${left} ${top}C${left} ${top - 22} ${right} ${top - 22} ${right} ${top - ARROW}`,
    head: `M${right} ${top}l-5.5 ${-ARROW}h11Z`,
    label: [right, top],
  };
}
