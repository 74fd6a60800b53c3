// The traces that the viewer holds, newest first and live: what is searched for, how long they took, and what the store let go.

import { coalesced, findTraces } from './api.js';
import { byId, el, say } from './dom.js';
import { dayOf, plural } from './format.js';
import { follow } from './live.js';
import { pauseButton } from './pause.js';
import { filterForm } from './traces/filter.js';
import { readTraces } from './traces/found.js';
import { numbers } from './traces/numbers.js';
import { Scatter } from './traces/scatter.js';
import { holdings } from './traces/store.js';
import { Table } from './traces/table.js';

export async function tracesPage(main) {
  document.title = 'Traces · tracechain';
  const form = filterForm(() => ask.now());
  const scatter = new Scatter();
  const table = new Table();
  const pause = pauseButton(() => ask.now());
  main.replaceChildren(
    el('div', { class: 'title' }, el('h1', {}, 'Traces'), pause.element),
    el('div', { id: 'store' }),
    form.element,
    el('p', { id: 'found', class: 'notice', role: 'status' }),
    el('div', { id: 'numbers' }),
    scatter.element,
    table.choice.element,
    table.element,
  );
  const ask = coalesced(async () => {
    try {
      show(readTraces(await findTraces(form.parameters())));
      form.accept();
    } catch (error) {
      if (error.status === 400) form.refuse(error.message);
      else say(byId('found'), `No answer: ${error.message}`);
    }
  }, () => !pause.isPaused());

  function show(traces) {
    const isDated = new Set(traces.map(({ start }) => dayOf(Number(start / 1_000_000n)))).size > 1;
    table.show(traces, isDated);
    scatter.show(traces, isDated);
    byId('numbers').replaceChildren(...numbers(traces));
    const isEmpty = traces.length === 0;
    const most = traces.length >= form.limit() ? ', the newest; there may be more' : '';
    say(byId('found'), isEmpty ? nothing(form) : `${plural(traces.length, 'trace')} shown${most}.`);
  }

  follow((stats) => {
    byId('store').replaceChildren(...holdings(stats));
    if (!pause.isPaused()) ask();
  });
  ask();
}

function nothing(form) {
  return form.isEmpty() ? 'None yet. Send a request to the gateway, or spans to the OTLP ports: they appear here by themselves.' : 'No trace fits.';
}
