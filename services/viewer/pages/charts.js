// What the services' own metrics say of the last half hour: rate, errors and duration of each, its pool, the account of its spans.

import { coalesced, getJson } from './api.js';
import { Chart } from './charts/chart.js';
import { CHARTS } from './charts/measures.js';
import { accounts, summary, troubles } from './charts/services.js';
import { el, say } from './dom.js';
import { bytes, count, plural } from './format.js';
import { follow } from './live.js';
import { pauseButton } from './pause.js';

const ASK_EVERY_MS = 5000;
/** Minutes back, and how many seconds a value is over then. */
const WINDOWS = new Map([['5', 5], ['15', 10], ['30', 15]]);
const DEFAULT_WINDOW = '30';

export async function chartsPage(main) {
  document.title = 'Metrics · tracechain';
  const page = new ChartsPage(main);
  page.begin();
}

class ChartsPage {
  #main;
  #charts = new Map();
  #isLost = false;
  #window = el('select', { name: 'minutes' }, [...WINDOWS.keys()].map((minutes) => el('option', { value: minutes }, `${minutes} minutes`)));
  #pause = pauseButton(() => this.#ask.now());
  #found = el('p', { id: 'found', class: 'notice', role: 'status' });
  #troubles = el('div', { id: 'troubles' });
  #summary = el('div', { class: 'wide-table', id: 'summary', tabindex: 0, role: 'region', 'aria-label': 'Services now' });
  #accounts = el('div', { class: 'wide-table', id: 'accounts', tabindex: 0, role: 'region', 'aria-label': 'Account of spans' });
  #sections = new Map();
  #limits = el('p', { class: 'holdings', id: 'limits' });
  #ask = coalesced(() => this.#load(), () => !this.#pause.isPaused());

  constructor(main) {
    this.#main = main;
    const given = new URLSearchParams(location.search).get('minutes');
    this.#window.value = WINDOWS.has(given) ? given : DEFAULT_WINDOW;
    this.#window.addEventListener('change', () => {
      const isDefault = this.#window.value === DEFAULT_WINDOW;
      history.replaceState(null, '', isDefault ? location.pathname : `?minutes=${this.#window.value}`);
      this.#ask.now();
    });
  }

  begin() {
    const part = (name, title, ...content) => el('section', { 'aria-labelledby': name }, el('h2', { id: name }, title), content);
    for (const name of new Set(CHARTS.map(({ section }) => section))) this.#sections.set(name, el('div', { class: 'charts' }));
    const sections = [...this.#sections].map(([name, place]) => part(name.toLowerCase(), name, place, name === 'Spans' && this.#accounts));
    this.#main.replaceChildren(
      el('div', { class: 'title' }, el('h1', {}, 'Metrics'), el('div', { class: 'window' }, el('label', {}, 'Last ', this.#window), this.#pause.element)),
      this.#found,
      this.#troubles,
      el('div', { id: 'measured', hidden: true }, part('services', 'Services', this.#summary), sections),
      this.#limits,
    );
    // The viewer that comes back has something new to say; the store's other changes are no metrics.
    follow(() => this.#isLost && this.#ask());
    setInterval(() => !document.hidden && !this.#pause.isPaused() && this.#ask(), ASK_EVERY_MS);
    document.addEventListener('visibilitychange', () => !document.hidden && !this.#pause.isPaused() && this.#ask());
    this.#ask();
  }

  async #load() {
    try {
      const minutes = this.#window.value;
      this.#show(await getJson('/api/metrics', { step: WINDOWS.get(minutes), seconds: 60 * Number(minutes) }));
      this.#isLost = false;
    } catch (error) {
      this.#isLost = true;
      say(this.#found, `No answer: ${error.message}. What is shown is as it was.`);
    }
  }

  #show(metrics) {
    const { targets } = metrics;
    const isEmpty = targets.length === 0;
    document.getElementById('measured').hidden = isEmpty;
    say(this.#found, isEmpty ? NOTHING : told(metrics));
    say(this.#limits, isEmpty ? '' : limits(metrics));
    this.#troubles.replaceChildren(...troubles(targets));
    if (isEmpty) return;
    named(targets);
    this.#summary.replaceChildren(summary(metrics));
    this.#accounts.replaceChildren(accounts(targets));
    for (const measure of CHARTS) this.#draw(measure, metrics);
  }

  /** One chart of all services, or one for each, as the measure wants it. */
  #draw(measure, metrics) {
    const groups = measure.isEach ? metrics.targets.map((target) => [target]) : [metrics.targets];
    groups.forEach((targets, place) => {
      const name = `${measure.id}-${measure.isEach ? place : 'all'}`;
      const series = measure.series(targets, metrics);
      const isKnown = series.some(({ values }) => values.some((value) => value !== null));
      let chart = this.#charts.get(name);
      if (!chart && !isKnown && measure.isOptional) return;
      if (!chart) {
        chart = new Chart({ ...measure, title: measure.isEach ? `${measure.title}, ${targets[0].label}` : measure.title });
        this.#charts.set(name, chart);
        this.#sections.get(measure.section).append(chart.element);
      }
      chart.show({ at: metrics.at, step: metrics.step_seconds, interval: metrics.interval_seconds, targets, series });
    });
  }
}

/** Two targets of one service are told apart by their addresses. */
function named(targets) {
  for (const target of targets) {
    const isOnly = targets.filter(({ service }) => service === target.service).length === 1;
    target.label = isOnly ? target.service : `${target.service} (${new URL(target.url).host})`;
  }
}

const NOTHING =
  'No targets. SCRAPE_TARGETS says whose metrics are shown, such as SCRAPE_TARGETS=gateway=http://localhost:5000/metrics,order-service=http://localhost:5002/metrics. ' +
  'Where tracechain starts the services, it sets it by itself.';

function told({ targets, at, step_seconds: step, interval_seconds: interval }) {
  const up = targets.filter(({ state }) => state === 'up').length;
  const begun = at.length > 0 ? ` A value is over ${step} s.` : '';
  return `${count(up)} of ${plural(targets.length, 'target')} up, read every ${interval} s.${begun}`;
}

function limits({ limits: most, bytes: held, interval_seconds: interval }) {
  const minutes = (most.points * interval) / 60;
  return (
    `The newest ${count(most.points)} reads of each target are kept, ${count(Math.round(minutes))} minutes, in memory alone: ${bytes(held)} now. ` +
    `At most ${most.targets} targets; of each answer ${most.body_bytes / 1_048_576} MiB, ${count(most.series)} series and ${most.bounds} bounds of a histogram, within ${most.timeout_seconds} s. ` +
    'A target beyond a limit is shown as unreadable, with the limit. Prometheus keeps more, and for longer.'
  );
}
