// One line of the waterfall: a span, where it hangs, and when it ran.

import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { duration } from '../format.js';

/** Deeper spans are not indented further: the name would leave the page. */
const DEEPEST_INDENT = 16;
/** What a duration takes beside its bar, as a part of the whole width. */
const ROOM = 0.18;

export function row(each, state) {
  const { span } = each;
  const classes = ['row', colourClass(span.service)];
  if (span.status === 'error') classes.push('failed');
  if (state.isActive) classes.push('active');
  return el(
    'div',
    {
      role: 'treeitem',
      id: rowId(state.index),
      class: classes.join(' '),
      style: { transform: `translateY(${state.top}px)` },
      'aria-level': each.depth + 1,
      'aria-expanded': each.children.length > 0 ? String(!state.isCollapsed) : undefined,
      'aria-selected': String(state.isSelected),
      'data-index': state.index,
      'data-span': span.id,
    },
    label(each, state),
    el('div', { class: 'lane' }, bar(each, state.total), took(each, state.total)),
    el('span', { class: 'unseen' }, spoken(each)),
  );
}

export const rowId = (index) => `span-row-${index}`;

/** What is only drawn, for those who listen. */
function spoken({ critical, problems, children }) {
  const parts = [...problems];
  if (critical.length > 0) parts.push('On the critical path.');
  if (children.length > 0) parts.push(`${children.length} below.`);
  return parts.join(' ');
}

function label({ span, children, depth, problems }, { isCollapsed }) {
  const caret = children.length === 0 ? '' : isCollapsed ? '▸' : '▾';
  return el(
    'div',
    { class: 'label', style: { '--depth': Math.min(depth, DEEPEST_INDENT) } },
    el('span', { class: 'caret', 'aria-hidden': 'true', 'data-toggle': children.length > 0 }, caret),
    depth > DEEPEST_INDENT && el('span', { class: 'deep' }, depth + 1),
    el('span', { class: 'service' }, span.service),
    problems.length > 0 && el('span', { class: 'badge wrong', title: problems.join(' ') }, '⚠ broken'),
    span.status === 'error' && el('span', { class: 'badge error' }, 'error'),
    el('span', { class: 'name', title: span.name }, span.name),
    el('span', { class: 'kind' }, span.kind),
  );
}

function bar(each, total) {
  const length = each.to - each.from || 1;
  const part = (from, to) => ({ left: percent(from - each.from, length), width: percent(to - from, length) });
  const { network: wait } = each;
  return el(
    'div',
    { class: 'bar', style: { left: percent(each.from, total), width: percent(each.to - each.from, total) } },
    wait && wait.there > 0 && el('i', { class: 'network', style: part(each.from, each.from + wait.there) }),
    wait && wait.back > 0 && el('i', { class: 'network', style: part(each.to - wait.back, each.to) }),
    each.critical.map(([from, to]) => el('i', { class: 'critical', style: part(from, to) })),
  );
}

/** Beside the bar, on the side where there is room, else in it. */
function took({ from, to }, total) {
  const text = duration(to - from);
  if (Math.max(from, total - to) < total * ROOM) {
    return el('span', { class: 'took inside', style: { left: percent(from, total), width: percent(to - from, total) } }, text);
  }
  const isLeft = from > total - to;
  const place = isLeft ? { right: percent(total - from, total) } : { left: percent(to, total) };
  return el('span', { class: 'took', style: place }, text);
}

const percent = (part, whole) => `${whole > 0 ? (100 * part) / whole : 0}%`;
