// What is known of a pair on both sides, the differences marked.

import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { duration } from '../format.js';
import { difference } from './figures.js';
import { compareAttributes, lasted } from './match.js';

/** `onClose` is called when the reader is done with it. */
export function pairDetails(each, onClose) {
  const { span, left, right } = each;
  const isBoth = Boolean(left && right);
  return [
    el('div', { class: 'details-top' }, el('h2', {}, span.name || '(no name)'), el('button', { type: 'button', class: 'close', onclick: onClose }, 'Close')),
    el('p', { class: colourClass(span.service) }, el('span', { class: 'service' }, span.service), ` ${span.kind}, ${difference(each)}`),
    el('p', {}, [['left', left], ['right', right]].map(([side, node]) => linkTo(side, node))),
    section('Times and status', [
      row('after the trace began', left && duration(left.from), right && duration(right.from)),
      row('lasted', left && duration(lasted(left)), right && duration(lasted(right))),
      row('status', statusOf(left), statusOf(right), isBoth),
      row('events', eventsOf(left), eventsOf(right), isBoth),
      row('children', left && String(left.children.length), right && String(right.children.length), isBoth),
    ]),
    section('Attributes', rowsOf(left?.span.raw.attributes, right?.span.raw.attributes, isBoth)),
    section('Resource', rowsOf(left?.span.resource, right?.span.resource, isBoth)),
  ];
}

function linkTo(side, node) {
  if (!node) return ` Not in the ${side} trace. `;
  return [' ', el('a', { href: `/trace/${node.span.traceId}#span=${node.span.id}` }, `In the ${side} trace`), ' '];
}

const rowsOf = (left, right, isBoth) => compareAttributes(left, right).map(({ key, left: before, right: after }) => row(key, before, after, isBoth));

function statusOf(node) {
  const message = node?.span.raw.status?.message;
  return node && `${node.span.status}${message ? `: ${message}` : ''}`;
}

const eventsOf = (node) => node && ((node.span.raw.events ?? []).map(({ name }) => name ?? '').join(', ') || 'none');

/** Times always differ, and of a span that one side lacks all does; of all else it is marked. */
function row(key, left, right, isMarked = false) {
  const differs = isMarked && left !== right;
  const cell = (value) => el('td', {}, value === undefined ? '–' : value);
  return el('tr', { class: differs ? 'differs' : '' }, el('th', { scope: 'row' }, differs && el('span', { class: 'mark', title: 'differs' }, '≠ '), key), cell(left), cell(right));
}

function section(title, rows) {
  if (rows.length === 0) return undefined;
  const head = el('thead', {}, el('tr', {}, ['Name', 'Left', 'Right'].map((text) => el('th', { scope: 'col' }, text))));
  return el('section', {}, el('h3', {}, title), el('table', { class: 'pairs both' }, head, el('tbody', {}, rows)));
}
