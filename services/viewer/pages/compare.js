// Two traces side by side: which spans only one of them has, which took longer, and what else is not the same.

import { coalesced, getTrace } from './api.js';
import { byId, el, say } from './dom.js';
import { count, duration, plural } from './format.js';
import { difference, tendency } from './compare/figures.js';
import { pairDetails } from './compare/details.js';
import { PairList } from './compare/list.js';
import { FILTERS, lasted, matchTraces } from './compare/match.js';
import { viewedList } from './compare/viewed.js';
import { follow } from './live.js';
import { readSpans } from './otlp.js';
import { buildTrace } from './trace/model.js';

/** What belongs together arrives within this. */
const SETTLED_MS = 20_000;
const SIDES = ['left', 'right'];
const ORDERS = { tree: 'as the traces have them', delta: 'by the largest difference' };

export function comparePage(main) {
  new ComparePage(main).open();
}

class ComparePage {
  #main;
  #sides = { left: side('left'), right: side('right') };
  #pairs = [];
  #show = choice('show', Object.entries(FILTERS).map(([value, [text]]) => [value, text]), () => this.#arrange());
  #order = choice('order', Object.entries(ORDERS), () => this.#arrange());
  #aside = el('aside', { class: 'details', hidden: true, 'aria-label': 'Chosen span' });
  #list = new PairList((each) => this.#choose(each));
  #result = el('div', { hidden: true });
  #facts = el('div', {});

  constructor(main) {
    this.#main = main;
    this.#aside.addEventListener('keydown', (event) => event.key === 'Escape' && this.#close());
  }

  open() {
    document.title = 'Compare · tracechain';
    this.#readAddress();
    this.#main.replaceChildren(
      el('h1', {}, 'Compare two traces'),
      this.#form(),
      el('p', { id: 'found', class: 'notice', role: 'status' }),
      this.#result,
    );
    this.#result.append(
      this.#facts,
      el('div', { class: 'toolbar' }, el('label', {}, 'Show ', this.#show), el('label', {}, 'Order ', this.#order), key()),
      el('div', { class: 'split' }, el('div', {}, this.#list.element, el('p', { id: 'none', class: 'notice' })), this.#aside),
    );
    addEventListener('popstate', () => {
      this.#readAddress();
      this.#load();
    });
    const grow = coalesced(() => this.#load(true));
    follow(() => grow());
    document.addEventListener('visibilitychange', () => document.hidden || this.#comeBack(grow));
    this.#load();
  }

  /** Who comes back to the page may come for what was late. */
  #comeBack(grow) {
    for (const name of SIDES) this.#sides[name].grown = performance.now();
    grow.now();
  }

  #readAddress() {
    const address = new URLSearchParams(location.search);
    for (const name of SIDES) this.#sides[name].field.value = address.get(name) ?? '';
    this.#show.value = address.get('show') ?? 'all';
    this.#order.value = address.get('order') ?? 'tree';
    if (this.#show.selectedIndex < 0) this.#show.value = 'all';
    if (this.#order.selectedIndex < 0) this.#order.value = 'tree';
  }

  #address() {
    const given = SIDES.map((name) => [name, this.#sides[name].field.value.trim()]);
    const more = [['show', this.#show.value === 'all' ? '' : this.#show.value], ['order', this.#order.value === 'tree' ? '' : this.#order.value]];
    return `/compare?${new URLSearchParams([...given, ...more].filter(([, value]) => value))}`;
  }

  #form() {
    const swap = () => {
      const [left, right] = SIDES.map((name) => this.#sides[name].field);
      [left.value, right.value] = [right.value, left.value];
      this.#submit();
    };
    const submit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    const field = ({ name, field: input, message }) => el('div', {}, el('label', {}, el('span', {}, `Id of the ${name} trace`), input), message);
    return el(
      'form',
      { class: 'filter ids', onsubmit: submit, 'aria-label': 'Traces to compare' },
      SIDES.map((name) => field(this.#sides[name])),
      viewedList('viewed'),
      el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'primary' }, 'Compare'), el('button', { type: 'button', onclick: swap }, 'Swap')),
    );
  }

  #submit() {
    history.pushState(null, '', this.#address());
    this.#load();
  }

  /** All anew, or only what may have grown. */
  async #load(onlyYoung = false) {
    const changed = await Promise.all(SIDES.map((name) => load(this.#sides[name], onlyYoung)));
    if (changed.some(Boolean) || !onlyYoung) this.#draw();
  }

  #draw() {
    const { left, right } = this.#sides;
    const isReady = Boolean(left.trace && right.trace);
    this.#result.hidden = !isReady;
    say(byId('found'), isReady ? (left.trace.id === right.trace.id ? 'Both sides are the same trace.' : '') : this.#missing());
    if (!isReady) return;
    document.title = `${left.trace.root.span.name} compared · tracechain`;
    this.#close(false);
    this.#pairs = matchTraces(left.trace, right.trace);
    this.#facts.replaceChildren(...facts(left.trace, right.trace, this.#pairs));
    this.#arrange();
  }

  #missing() {
    const isEmpty = SIDES.every((name) => !this.#sides[name].field.value.trim());
    return isEmpty ? 'Write the ids of two traces, choose two on the page of all traces, or begin on the page of one.' : '';
  }

  #arrange() {
    const [, fits] = FILTERS[this.#show.value];
    const isTree = this.#order.value === 'tree';
    let shown = this.#pairs.filter(fits);
    if (!isTree) shown = shown.toSorted((a, b) => weight(b) - weight(a));
    history.replaceState(null, '', this.#address());
    const total = Math.max(this.#sides.left.trace.duration, this.#sides.right.trace.duration);
    this.#list.element.hidden = shown.length === 0;
    this.#list.show(shown, { total, isFlat: !isTree || this.#show.value !== 'all' });
    say(byId('none'), shown.length === 0 ? 'No span is like that.' : '');
  }

  #choose(each) {
    this.#aside.hidden = !each;
    if (!each) return;
    this.#aside.replaceChildren(...pairDetails(each, () => this.#close()).filter(Boolean));
    this.#aside.scrollTop = 0;
  }

  #close(focus = true) {
    this.#list.unselect();
    if (focus) this.#list.focus();
  }
}

function side(name) {
  const message = el('p', { id: `${name}-error`, class: 'refused', role: 'alert' });
  const field = el('input', { name, list: 'viewed', placeholder: '32 hex digits', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': `${name}-error` });
  return { name, field, message, id: '', trace: undefined, spans: 0, grown: 0, status: 0 };
}

/** Asks for a side's trace and says whether it is another one now. */
async function load(each, onlyYoung) {
  const id = each.field.value.trim();
  const isYoung = performance.now() - each.grown < SETTLED_MS || each.status === 404;
  if (onlyYoung && (id !== each.id || !isYoung || !id)) return false;
  if (id !== each.id) Object.assign(each, { id, trace: undefined, spans: 0, status: 0 });
  if (!id) return refuse(each, '');
  try {
    const spans = readSpans(await getTrace(id));
    // Another one was asked for meanwhile.
    if (each.id !== id) return false;
    refuse(each, '');
    if (each.trace && spans.length === each.spans) return false;
    Object.assign(each, { trace: buildTrace(spans), spans: spans.length, grown: performance.now(), status: 200 });
    return true;
  } catch (error) {
    if (each.id === id) fail(each, error);
    return false;
  }
}

function fail(each, error) {
  each.status = error.status ?? 0;
  // What is shown stays: the viewer may have been started again.
  if (each.trace) return;
  refuse(each, error.status ? error.message : `The viewer does not answer: ${error.message}`);
}

function refuse({ field, message }, text) {
  if (text) field.setAttribute('aria-invalid', 'true');
  else field.removeAttribute('aria-invalid');
  say(message, text);
  return false;
}

function choice(name, options, onchange) {
  return el('select', { name, onchange }, options.map(([value, text]) => el('option', { value }, text)));
}

/** What is on one side only weighs as much as it took. */
const weight = ({ delta, left, right }) => Math.abs(delta ?? lasted(left ?? right));

function facts(left, right, pairs) {
  const whole = { delta: right.duration - left.duration, ratio: left.duration > 0 ? (right.duration - left.duration) / left.duration : undefined, left };
  const number = (name) => count(pairs.filter(FILTERS[name][1]).length);
  const list = [
    ['Left', sum(left)],
    ['Right', sum(right)],
    ['Right against left', el('span', { class: tendency(whole) }, difference(whole))],
    ['Only left', count(pairs.filter((each) => !each.right).length)],
    ['Only right', count(pairs.filter((each) => !each.left).length)],
    ['Status differs', number('status')],
    ['Attributes differ', number('attributes')],
  ];
  return [el('dl', { class: 'facts' }, list.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))))];
}

const sum = (trace) => [el('a', { href: `/trace/${trace.id}` }, trace.root.span.name || '(no name)'), `: ${duration(trace.duration)}, ${plural(trace.nodes.size, 'span')}`];

const key = () => el('p', { class: 'key' }, ['left', 'right'].map((name) => el('span', {}, el('i', { class: `sample ${name}` }), name)));
