// A node of the map: a box, a pill for what only calls, a cylinder for a database.

import { colourClass } from '../colour.js';
import { svg } from '../dom.js';
import { duration } from '../format.js';
import { percent, rate } from './figures.js';

const LID = 7;
/** As many wide ones as a box has room for. */
const MOST_LETTERS = 15;

/** Its name for those who listen, its classes, its parts, and what they depend on besides the node itself. */
export function nodeShape(node, { size }) {
  const [x, y] = node.place;
  const { width, height } = size;
  const isFailing = node.error_share > 0;
  const corner = { x: x - width / 2, y: y - height / 2, width, height };
  const lines = [['name', short(node.id || '(no name)')], ['', `${rate(node.requests_per_second)} · p95 ${duration(node.p95_ms)}`]];
  if (isFailing) lines.push(['errors', `⚠ ${percent(node.error_share)} failed`]);
  // An image of its own, so that no name is drawn over what is beside it.
  const inside = svg('svg', corner, outline(node.kind, width, height), texts(lines, width / 2, height / 2 + (node.kind === 'database' ? LID : 0)));
  return {
    name: `${node.id || '(no name)'}, ${node.kind}`,
    classes: `box is-${node.kind} ${colourClass(node.id)}${isFailing ? ' failing' : ''}`,
    parts: [inside],
    state: [],
  };
}

function outline(kind, width, height) {
  const [w, h] = [width - 4, height - 4];
  if (kind === 'database') {
    return [
      svg('path', { d: `M2 ${2 + LID}v${h - 2 * LID}a${w / 2} ${LID} 0 0 0 ${w} 0v${2 * LID - h}`, class: 'body' }),
      svg('ellipse', { cx: width / 2, cy: 2 + LID, rx: w / 2, ry: LID, class: 'body' }),
    ];
  }
  return svg('rect', { x: 2, y: 2, width: w, height: h, rx: kind === 'caller' ? h / 2 : 7, class: 'body' });
}

/** Lines of text around a middle. */
function texts(lines, x, middle) {
  const top = middle - (lines.length - 1) * 8 + 4;
  return lines.map(([name, text], index) => svg('text', { x, y: top + index * 16, class: name }, text));
}

/** By letters as people count them. */
function short(name) {
  const letters = [...name];
  return letters.length > MOST_LETTERS ? `${letters.slice(0, MOST_LETTERS - 1).join('')}…` : name;
}
