// The log lines that the viewer holds, newest first and live; each leads to its trace.

import { coalesced, findLogs, tagValues } from './api.js';
import { colourClass } from './colour.js';
import { byId, el, say } from './dom.js';
import { date, plural, time } from './format.js';
import { KeyedRows } from './keyed.js';
import { follow } from './live.js';
import { fields, levelClass, message } from './trace/logs.js';
import { holdings } from './traces/store.js';
import { pauseButton } from './pause.js';

const FIELDS = ['service', 'level', 'text', 'trace_id', 'limit'];
const DEFAULT_LIMIT = '100';
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

export async function logsPage(main) {
  document.title = 'Logs · tracechain';
  const given = makeFields();
  const rows = new KeyedRows(cellsOf);
  const table = tableOf(rows);
  const ask = coalesced(() => load(given, rows, table), () => !pause.isPaused());
  const pause = pauseButton(() => ask.now());
  main.replaceChildren(
    el('div', { class: 'title' }, el('h1', {}, 'Logs'), pause.element),
    el('div', { id: 'store' }),
    form(given, ask),
    el('p', { id: 'found', class: 'notice', role: 'status' }),
    table,
  );
  follow((stats) => {
    byId('store').replaceChildren(...holdings(stats));
    if (!pause.isPaused()) ask();
  });
  ask();
}

function makeFields() {
  const options = (values) => values.map((value) => el('option', { value }, value || 'any'));
  const made = {
    service: el('input', { name: 'service', list: 'services', placeholder: 'any', autocomplete: 'off' }),
    level: el('select', { name: 'level' }, options(['', ...LEVELS])),
    text: el('input', { name: 'text', placeholder: 'in the message', autocomplete: 'off' }),
    trace_id: el('input', { name: 'trace_id', placeholder: 'any', autocomplete: 'off' }),
    limit: el('select', { name: 'limit' }, options(['50', '100', '500', '1000'])),
  };
  const address = new URLSearchParams(location.search);
  for (const name of FIELDS) made[name].value = address.get(name) ?? '';
  if (!made.limit.value) made.limit.value = DEFAULT_LIMIT;
  if (made.level.selectedIndex < 0) made.level.value = '';
  return made;
}

function form(given, ask) {
  const services = el('datalist', { id: 'services' });
  given.service.addEventListener('focus', async () => {
    // Without an answer nothing is offered, and what is typed still works.
    const values = await tagValues('service.name').catch(() => []);
    services.replaceChildren(...values.map((value) => el('option', { value })));
  });
  const submit = (event) => {
    event?.preventDefault();
    keepInAddress(given);
    ask.now();
  };
  const clear = () => {
    for (const name of FIELDS) given[name].value = name === 'limit' ? DEFAULT_LIMIT : '';
    submit();
  };
  for (const name of ['level', 'limit']) given[name].addEventListener('change', submit);
  const labelled = (title, field, list) => el('label', {}, el('span', {}, title), field, list);
  return el(
    'form',
    { class: 'filter', onsubmit: submit, 'aria-label': 'Search' },
    labelled('Service', given.service, services),
    labelled('Level, and worse', given.level),
    labelled('Text', given.text),
    labelled('Trace id', given.trace_id),
    labelled('Show', given.limit),
    el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'primary' }, 'Search'), el('button', { type: 'button', onclick: clear }, 'Clear')),
  );
}

function keepInAddress(given) {
  const address = new URLSearchParams();
  for (const name of FIELDS) {
    const value = given[name].value.trim();
    if (value && !(name === 'limit' && value === DEFAULT_LIMIT)) address.set(name, value);
  }
  history.replaceState(null, '', address.size > 0 ? `?${address}` : location.pathname);
}

async function load(given, rows, table) {
  try {
    const parameters = Object.fromEntries(FIELDS.map((name) => [name, given[name].value.trim()]));
    const { logs } = await findLogs(parameters);
    // They come in the order of their arrival, service by service.
    logs.sort((a, b) => Number(BigInt(b.time_unix_nano) - BigInt(a.time_unix_nano)));
    const isEmpty = logs.length === 0;
    const most = logs.length >= Number(given.limit.value) ? ', the newest; there may be more' : '';
    say(byId('found'), isEmpty ? 'No log line fits.' : `${plural(logs.length, 'line')} shown${most}.`);
    table.hidden = isEmpty;
    // Lines of one key are told apart by their place alone, which moves: each is drawn for what it is.
    rows.show(logs, (line) => `${line.time_unix_nano} ${line.trace_id} ${line.span_id} ${line.service} ${JSON.stringify(line.message)}`, (line) => JSON.stringify(line));
  } catch (error) {
    say(byId('found'), `No answer: ${error.message}`);
  }
}

function tableOf(rows) {
  const head = ['Time', 'Level', 'Service', 'Message', 'Trace'].map((title) => el('th', { scope: 'col' }, title));
  return el('table', { class: 'lines', hidden: true }, el('caption', { class: 'unseen' }, 'Log lines, newest first'), el('thead', {}, el('tr', {}, head)), rows.body);
}

function cellsOf(line, row) {
  const at = BigInt(line.time_unix_nano);
  row.className = `${colourClass(line.service)} ${levelClass(line)}`;
  const address = line.span_id ? `/trace/${line.trace_id}#span=${line.span_id}` : `/trace/${line.trace_id}`;
  return [
    el('td', { class: 'number', title: date(at) }, time(at)),
    el('td', {}, el('span', { class: 'level' }, line.level)),
    el('td', {}, el('span', { class: 'service', title: line.service }, line.service)),
    el('td', { class: 'message' }, message(line), fields(line)),
    el('td', {}, line.trace_id ? el('a', { href: address, 'aria-label': `${line.trace_id.slice(0, 8)}, the trace of this line` }, line.trace_id.slice(0, 8)) : ''),
  ];
}
