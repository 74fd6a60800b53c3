// All that is known about one span, beside the waterfall.

import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { date, duration } from '../format.js';
import { hexId, pairs, shown } from '../otlp.js';

/** `onClose` is called when the reader is done with it; `onSpan` with the id of a span of this trace to go to. */
export function details(each, trace, { onClose, onSpan }) {
  const { span, children, parent } = each;
  const close = el('button', { type: 'button', class: 'close', onclick: onClose }, 'Close');
  return [
    el('div', { class: 'details-top' }, el('h2', { tabindex: -1 }, span.name || '(no name)'), close),
    el('p', { class: colourClass(span.service) }, el('span', { class: 'service' }, span.service), ` ${span.kind}, ${duration(each.to - each.from)}`),
    each.problems.map((problem) => el('p', { class: 'wrong note' }, `⚠ ${problem}`)),
    span.status === 'error' && el('p', { class: 'error note' }, `Error${span.raw.status?.message ? `: ${span.raw.status.message}` : ''}`),
    section('Times', table(times(each))),
    section('Attributes', table(pairs(span.raw.attributes))),
    section('Events', (span.raw.events ?? []).map((event) => eventOf(event, trace))),
    section('Links', (span.raw.links ?? []).map((link) => linkOf(link))),
    section('Resource', table(pairs(span.resource))),
    section('Identity', table(identity(span))),
    parent && goTo('Parent', [parent], onSpan),
    children.length > 0 && goTo('Children', children.slice(0, 20), onSpan),
    children.length > 20 && el('p', {}, `and ${children.length - 20} more`),
  ];
}

function times(each) {
  const rows = [
    ['began', date(each.span.start)],
    ['after the trace began', duration(each.from)],
    ['lasted', duration(each.to - each.from)],
  ];
  const own = each.critical.reduce((sum, [from, to]) => sum + to - from, 0);
  if (own > 0) rows.push(['of that on the critical path', duration(own)]);
  if (each.network) rows.push(['network there', duration(each.network.there)], ['network back', duration(each.network.back)]);
  return rows;
}

function identity(span) {
  const rows = [
    ['trace id', span.traceId],
    ['span id', span.id],
    ['parent span id', span.parentId || 'none'],
    ['scope', [span.scope.name, span.scope.version].filter(Boolean).join(' ')],
  ];
  if (span.raw.traceState) rows.push(['tracestate', span.raw.traceState]);
  const lost = ['Attributes', 'Events', 'Links'].filter((what) => span.raw[`dropped${what}Count`]);
  for (const what of lost) rows.push([`dropped ${what.toLowerCase()}`, span.raw[`dropped${what}Count`]]);
  return rows;
}

function section(title, content) {
  const isEmpty = !content || content.length === 0;
  return !isEmpty && el('section', {}, el('h3', {}, title), content);
}

function table(rows) {
  if (rows.length === 0) return undefined;
  const line = ([key, value]) => el('tr', {}, el('th', { scope: 'row' }, key), el('td', {}, shown(value)));
  return el('table', { class: 'pairs' }, el('tbody', {}, rows.map(line)));
}

function eventOf(event, trace) {
  const after = Number(BigInt(event.timeUnixNano ?? trace.start) - trace.start) / 1e6;
  return el('div', { class: 'event' }, el('h4', {}, `${event.name ?? ''} after ${duration(after)}`), table(pairs(event.attributes)));
}

function linkOf(link) {
  const traceId = hexId(link.traceId, 16);
  const to = el('a', { href: `/trace/${traceId}#span=${hexId(link.spanId, 8)}` }, `span ${hexId(link.spanId, 8)} of trace ${traceId}`);
  return el('div', { class: 'event' }, to, table(pairs(link.attributes)));
}

function goTo(title, nodes, onSpan) {
  const button = ({ span }) =>
    el('li', {}, el('button', { type: 'button', class: 'link', onclick: () => onSpan(span.id) }, `${span.service}: ${span.name}`));
  return section(title, el('ul', { class: 'plain' }, nodes.map(button)));
}
