// One line of the waterfall: a span, where it hangs, and when it ran.

import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { duration } from '../format.js';

/** Deeper spans are not indented further: the name would leave the page. */
const DEEPEST_INDENT = 16;
/** What a duration takes beside its bar, in percent of the whole width. */
const ROOM = 18;
/** How far a bar goes beyond the part that is shown, in percent: its end is then not to be seen. */
const BEYOND = 2;
/** Parts of the critical path nearer to each other than this, in percent of the whole width, are drawn as one: ten thousand are none that can be told apart. */
const TOO_NEAR = 0.1;

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
      'aria-posinset': each.place,
      'aria-setsize': each.siblings,
      'aria-expanded': each.children.length > 0 ? String(!state.isCollapsed) : undefined,
      'aria-selected': String(state.isSelected),
      'data-index': state.index,
      'data-span': span.id,
    },
    label(each, state),
    el('div', { class: 'lane' }, lane(each, state.view)),
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
    el('span', { class: 'service', title: span.service }, span.service),
    problems.length > 0 && el('span', { class: 'badge wrong', title: problems.join(' ') }, '⚠ broken'),
    span.status === 'error' && el('span', { class: 'badge error' }, 'error'),
    el('span', { class: 'name', title: span.name }, span.name),
    el('span', { class: 'kind' }, span.kind),
  );
}

function lane(each, view) {
  if (each.to < view.from || each.from > view.to) return elsewhere(each, view);
  const from = Math.max(view.at(each.from), -BEYOND);
  const to = Math.min(view.at(each.to), 100 + BEYOND);
  return [bar(each, view, from, to), took(each, Math.max(from, 0), Math.min(to, 100))];
}

/** Of a span before or after the part that is shown only the direction. */
function elsewhere(each, view) {
  const isBefore = each.to < view.from;
  const text = duration(each.to - each.from);
  return el('span', { class: 'took elsewhere', style: isBefore ? { left: 0 } : { right: 0 } }, isBefore ? `‹ ${text}` : `${text} ›`);
}

/** Its parts are cut to what is shown of it: a bar a million pixels long would be none. */
function bar(each, view, from, to) {
  const length = to - from || 1;
  const part = (name, [start, end]) => {
    const [left, right] = [Math.max(view.at(start), from), Math.min(view.at(end), to)];
    if (right < left) return undefined;
    return el('i', { class: name, style: { left: percent((left - from) / length), width: percent((right - left) / length) } });
  };
  const { network: wait } = each;
  return el(
    'div',
    { class: 'bar', style: { left: percent(from / 100), width: percent((to - from) / 100) } },
    wait && wait.there > 0 && part('network', [each.from, each.from + wait.there]),
    wait && wait.back > 0 && part('network', [each.to - wait.back, each.to]),
    joined(each.critical, view).map((critical) => part('critical', critical)),
  );
}

/** The parts in view, by time; so a row has a thousand at most. */
function joined(parts, view) {
  const found = [];
  for (const [from, to] of parts) {
    if (view.at(to) < -BEYOND || view.at(from) > 100 + BEYOND) continue;
    const last = found.at(-1);
    if (last && view.at(from) - view.at(last[1]) < TOO_NEAR) last[1] = Math.max(last[1], to);
    else found.push([from, to]);
  }
  return found;
}

/** Beside the bar, on the side where there is room, else in it. */
function took(each, from, to) {
  const text = duration(each.to - each.from);
  if (Math.max(from, 100 - to) < ROOM) {
    return el('span', { class: 'took inside', style: { left: percent(from / 100), width: percent((to - from) / 100) } }, el('b', {}, text));
  }
  const isLeft = from > 100 - to;
  return el('span', { class: 'took', style: isLeft ? { right: percent((100 - from) / 100) } : { left: percent(to / 100) } }, text);
}

const percent = (share) => `${100 * share}%`;
