// One line of the comparison: a span, how long it took on both sides on one scale, and the difference.

import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { duration, plural } from '../format.js';
import { difference, tendency } from './figures.js';
import { lasted } from './match.js';

const DEEPEST_INDENT = 16;

export const rowId = (place) => `pair-row-${place}`;

export function pairRow(each, { place, of, top, total, isActive, isSelected, isFlat }) {
  const classes = ['pair', tendency(each), colourClass(each.span.service)];
  if (isActive) classes.push('active');
  return el(
    'div',
    {
      role: 'treeitem',
      id: rowId(place),
      class: classes.join(' '),
      style: { transform: `translateY(${top}px)` },
      'aria-level': isFlat ? 1 : each.depth + 1,
      'aria-posinset': isFlat ? place + 1 : each.place,
      'aria-setsize': isFlat ? of : each.siblings,
      'aria-selected': String(isSelected),
      'data-place': place,
    },
    label(each, isFlat),
    el('div', { class: 'lane', 'aria-hidden': 'true' }, bar(each.left, 'left', total), bar(each.right, 'right', total)),
    number('left', each.left),
    number('right', each.right),
    el('span', { class: 'difference' }, difference(each)),
  );
}

function label({ span, depth, statusDiffers, attributes, left, right }, isFlat) {
  const indent = isFlat ? 0 : Math.min(depth, DEEPEST_INDENT);
  return el(
    'div',
    { class: 'label', style: { '--depth': indent } },
    !isFlat && depth > DEEPEST_INDENT && el('span', { class: 'deep' }, depth + 1),
    el('span', { class: 'service', title: span.service }, span.service),
    statusDiffers && el('span', { class: 'badge error' }, `${left.span.status} ≠ ${right.span.status}`),
    !statusDiffers && span.status === 'error' && el('span', { class: 'badge error' }, 'error'),
    attributes > 0 && el('span', { class: 'badge wrong', title: `${plural(attributes, 'attribute')} differ` }, `≠ ${attributes}`),
    el('span', { class: 'name', title: span.name }, span.name),
    el('span', { class: 'kind' }, span.kind),
  );
}

function bar(each, side, total) {
  if (!each) return undefined;
  const percent = (part) => `${total > 0 ? (100 * part) / total : 0}%`;
  return el('i', { class: `bar ${side}`, style: { left: percent(each.from), width: percent(each.to - each.from) } });
}

const number = (side, each) =>
  el('span', { class: `took ${side}` }, el('span', { class: 'unit' }, `${side} `), each ? duration(lasted(each)) : '–');
