// One trace: what it is, what is wrong with it, its spans over time, its chain and its log lines. Also for a trace out of a file.

import { coalesced, getTrace } from './api.js';
import { compareWith } from './compare/viewed.js';
import { byId, el, say } from './dom.js';
import { follow } from './live.js';
import { readFile, readSpans } from './otlp.js';
import { details } from './trace/details.js';
import { chainGraph } from './trace/graph.js';
import { head, opening } from './trace/head.js';
import { TraceLogs } from './trace/logs.js';
import { buildTrace } from './trace/model.js';
import { Waterfall } from './trace/waterfall.js';

/** What belongs together arrives within this; a trace that has not grown for so long is asked for more seldom. */
const SETTLED_MS = 20_000;
/** A record may be delivered minutes later. */
const LATE_EVERY_MS = 10_000;
/** Pretty JSON of more spans than this only stops the page. */
const MOST_RAW = 1000;

export async function tracePage(main, id) {
  const page = new TracePage(main);
  acceptFiles(page);
  if (id) page.followTrace(id);
  else page.askForFile();
}

class TracePage {
  #main;
  #trace;
  #spans = [];
  #isFile = false;
  #asked = false;
  #grown = 0;
  #isBehind = false;
  #logs = new TraceLogs((span) => this.#goTo(span));
  #aside = el('aside', { class: 'details', hidden: true, 'aria-label': 'Chosen span' });
  #chosen;
  #waterfall = new Waterfall((each) => this.#choose(each), () => this.#keep());

  constructor(main) {
    this.#main = main;
    const given = new URLSearchParams(location.hash.slice(1));
    if (given.has('from') && given.has('to')) this.#waterfall.want(Number(given.get('from')), Number(given.get('to')));
    this.#aside.addEventListener('keydown', (event) => event.key === 'Escape' && this.#close());
  }

  askForFile() {
    document.title = 'Open a trace · tracechain';
    this.#main.replaceChildren(el('h1', {}, 'Open a trace'), opening((file) => this.openFile(file)));
  }

  /** Shows the trace and what still arrives of it: at once while it is young or not here yet, later on now and then. */
  followTrace(id) {
    document.title = `${id} · tracechain`;
    const ask = coalesced(() => this.#load(id));
    follow(() => {
      const isSettled = this.#trace && performance.now() - this.#grown > SETTLED_MS;
      if (this.#asked && isSettled) this.#isBehind = true;
      else if (!this.#isFile) ask();
    });
    const catchUp = () => this.#isBehind && !this.#isFile && !document.hidden && ask();
    setInterval(catchUp, LATE_EVERY_MS);
    document.addEventListener('visibilitychange', () => document.hidden || this.#isFile || ask.now());
    ask();
  }

  async openFile(file) {
    try {
      const spans = readFile(await file.text());
      if (spans.length === 0) throw new Error('there are no spans in it');
      this.#isFile = true;
      this.#showOneOf(spans, file.name);
    } catch (error) {
      this.#main.replaceChildren(
        el('h1', {}, 'Open a trace'),
        el('p', { class: 'wrong note', role: 'alert' }, `${file.name} cannot be read: ${error.message}`),
        opening((next) => this.openFile(next)),
      );
    }
  }

  /** A file may hold many traces; the one with the most spans is shown first. */
  #showOneOf(spans, name) {
    const traces = Map.groupBy(spans, (span) => span.traceId);
    const ids = [...traces.keys()].sort((a, b) => traces.get(b).length - traces.get(a).length);
    const change = () => {
      this.#waterfall.unselect();
      this.#show(traces.get(choice.value));
    };
    const choice = el('select', { onchange: change }, ids.map((id) => el('option', { value: id }, `${id} (${traces.get(id).length} spans)`)));
    this.#logs.say('A file of spans has no log lines.');
    // What is chosen in the trace before is no part of this one; of an address it may be.
    if (this.#trace) this.#waterfall.unselect();
    this.#draw(el('p', { class: 'source' }, `From the file ${name}. `, ids.length > 1 && el('label', {}, 'Trace ', choice)));
    this.#show(traces.get(ids[0]));
  }

  async #load(id) {
    this.#isBehind = false;
    try {
      const spans = readSpans(await getTrace(id));
      this.#asked = true;
      if (this.#isFile) return;
      if (spans.length !== this.#spans.length) this.#grow(spans);
      await this.#logs.show(this.#trace);
      say(byId('notice'), '');
    } catch (error) {
      this.#asked = true;
      this.#fail(id, error);
    }
  }

  #grow(spans) {
    this.#grown = performance.now();
    const root = spans.find(({ parentId }) => !parentId) ?? spans[0];
    if (!this.#trace) this.#draw(compareWith(root.traceId, root.name));
    this.#show(spans);
  }

  #fail(id, error) {
    if (this.#isFile) return;
    // A trace that was shown stays: the viewer may have been started again, and has forgotten it.
    const told = error.status ? error.message : `The viewer does not answer: ${error.message}`;
    if (this.#trace) {
      say(byId('notice'), `Shown as it was. ${told}`);
      return;
    }
    const waiting = error.status === 404 && el('p', {}, 'It appears here as soon as it arrives.');
    this.#main.replaceChildren(el('h1', {}, `Trace ${id}`), el('p', { class: 'wrong note', role: 'alert' }, told), waiting || '', opening((file) => this.openFile(file)));
  }

  #draw(source) {
    const part = (name, title, ...content) => el('section', { 'aria-labelledby': name }, el('h2', { id: name }, title), content);
    this.#main.replaceChildren(
      el('div', { id: 'head' }),
      source ?? '',
      el('p', { id: 'notice', class: 'notice', role: 'status' }),
      el('div', { class: 'split' }, el('div', { class: 'spans' }, this.#toolbar(), this.#waterfall.element), this.#aside),
      part('chain', 'Chain', el('div', { id: 'graph' })),
      part('logs', 'Log lines', this.#logs.element),
      el('details', { class: 'raw', ontoggle: (event) => event.target.open && this.#showRaw(event.target) }, el('summary', {}, 'Raw JSON'), el('pre', { tabindex: 0, 'aria-label': 'Raw JSON' })),
    );
  }

  #toolbar() {
    const button = (text, onclick) => el('button', { type: 'button', onclick }, text);
    const key = (name, text) => el('span', {}, el('i', { class: `sample ${name}` }), text);
    return el(
      'div',
      { class: 'toolbar' },
      button('Unfold all', () => this.#waterfall.unfoldAll()),
      button('Fold all', () => this.#waterfall.foldAll()),
      button('Zoom in', () => this.#waterfall.zoomIn()),
      button('Zoom out', () => this.#waterfall.zoomOut()),
      button('Whole time', () => this.#waterfall.showWhole()),
      el('p', { class: 'key' }, key('critical', 'critical path'), key('network', 'network: between CLIENT and SERVER')),
    );
  }

  #show(spans) {
    this.#spans = spans;
    this.#trace = buildTrace(spans);
    document.title = `${this.#trace.root.span.name} · tracechain`;
    byId('head').replaceChildren(...head(this.#trace, spans, (span) => this.#goTo(span)));
    this.#waterfall.show(this.#trace);
    byId('graph').replaceChildren(chainGraph(this.#trace));
    const wanted = new URLSearchParams(location.hash.slice(1)).get('span');
    if (wanted) this.#waterfall.select(wanted);
    const raw = this.#main.querySelector('details.raw');
    if (raw.open) this.#showRaw(raw);
  }

  #choose(each) {
    this.#chosen = each?.span.id;
    this.#keep();
    this.#aside.hidden = !each;
    if (!each) return;
    this.#aside.replaceChildren(...details(each, this.#trace, { onClose: () => this.#close(), onSpan: (id) => this.#goTo(id) }).flat(2).filter(Boolean));
    this.#aside.scrollTop = 0;
  }

  /** The address has the chosen span and the part of the time: whoever gets it sees the same. */
  #keep() {
    const part = this.#waterfall.part?.map((moment) => String(Number(moment.toFixed(6))));
    const hash = new URLSearchParams({ ...(this.#chosen && { span: this.#chosen }), ...(part && { from: part[0], to: part[1] }) });
    history.replaceState(null, '', hash.size > 0 ? `#${hash}` : location.pathname + location.search);
  }

  #close() {
    this.#waterfall.unselect();
    this.#waterfall.focus();
  }

  #goTo(id) {
    this.#waterfall.select(id, { focus: true });
    this.#waterfall.element.scrollIntoView({ block: 'nearest' });
  }

  #showRaw(place) {
    const text = this.#spans.length > MOST_RAW ? `${this.#spans.length} spans are too many to show here: use “Download OTLP JSON” above.` : JSON.stringify(this.#spans.map(({ raw }) => raw), null, 2);
    place.querySelector('pre').textContent = text;
  }
}

function acceptFiles(page) {
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (file) page.openFile(file);
  });
}
