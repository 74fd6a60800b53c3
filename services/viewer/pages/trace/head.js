// What a trace is in a few words, what is wrong with it, and what can be done with it.

import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { count, date, duration, plural } from '../format.js';
import { toOtlp } from '../otlp.js';

const MOST_PROBLEMS = 20;

/** `onSpan` gets the id of a span that a problem is about. */
export function head(trace, spans, onSpan) {
  const { root } = trace;
  return [
    el('h1', {}, root.span.name || '(no name)'),
    el('p', { class: 'trace-id' }, 'Trace ', el('code', {}, trace.id), ' ', copyButton(trace.id), ' ', downloadButton(trace, spans)),
    el('dl', { class: 'facts' }, facts(trace).map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
    el('ul', { class: 'services', 'aria-label': 'Services' }, [...trace.services].map(service)),
    problems(trace, onSpan),
  ].filter(Boolean);
}

function facts(trace) {
  return [
    ['Began', date(trace.start)],
    ['Lasted', duration(trace.duration)],
    ['Spans', count(trace.nodes.size)],
    ['Depth', count(trace.depth)],
    ['Errors', count(trace.errors)],
  ];
}

const service = ([name, spans]) =>
  el('li', { class: colourClass(name) }, el('span', { class: 'service' }, name), ` ${plural(spans, 'span')}`);

function problems({ problems: broken }, onSpan) {
  if (broken.length === 0) return undefined;
  const shown = broken.slice(0, MOST_PROBLEMS);
  const line = ({ span, problems: texts }) =>
    el('li', {}, el('button', { type: 'button', class: 'link', onclick: () => onSpan(span.id) }, `${span.service}: ${span.name}`), ` ${texts.join(' ')}`);
  const more = broken.length > shown.length && el('li', {}, `and ${count(broken.length - shown.length)} more`);
  return el('div', { class: 'wrong note', role: 'status' }, el('strong', {}, `⚠ Broken at ${plural(broken.length, 'span')}`), el('ul', {}, shown.map(line), more));
}

function copyButton(id) {
  const button = el('button', { type: 'button' }, 'Copy');
  button.addEventListener('click', async () => {
    // Without a secure context there is no clipboard; the id can still be marked by hand.
    const copied = await navigator.clipboard?.writeText(id).then(() => true, () => false);
    button.textContent = copied ? 'Copied' : 'Cannot copy here';
  });
  return button;
}

function downloadButton(trace, spans) {
  const download = () => {
    const url = URL.createObjectURL(new Blob([JSON.stringify(toOtlp(spans))], { type: 'application/json' }));
    el('a', { href: url, download: `trace-${trace.id}.json` }).click();
    URL.revokeObjectURL(url);
  };
  return el('button', { type: 'button', onclick: download }, 'Download OTLP JSON');
}

/** Where a file is chosen; it never leaves the browser. */
export function opening(onFile) {
  const input = el('input', { type: 'file', id: 'file', accept: '.json,.jsonl,application/json', onchange: () => input.files[0] && onFile(input.files[0]) });
  return el(
    'div',
    { class: 'opening' },
    el('p', {}, el('label', { for: 'file' }, 'A file of OTLP JSON, such as “Download OTLP JSON” writes'), input),
    el('p', {}, 'Or drop one anywhere on this page. It is read here in the browser and sent nowhere.'),
  );
}
