// What is searched for: fields for the common questions, a TraceQL line for the rest. The address keeps it all, so a search can be sent to others.

import { tagValues } from '../api.js';
import { el } from '../dom.js';

const FIELDS = ['service', 'name', 'status', 'attribute', 'min', 'max', 'start', 'end', 'q', 'limit'];
/** Moments: seconds since the epoch in the address and for the API, local time in the field. */
const MOMENTS = ['start', 'end'];
const DEFAULT_LIMIT = '100';

/** `onSearch` is called when the reader asks for something else. */
export function filterForm(onSearch) {
  const services = el('datalist', { id: 'services' });
  const names = el('datalist', { id: 'names' });
  const message = el('div', { id: 'q-error', class: 'refused', role: 'alert' });
  const fields = makeFields();
  const submit = (event) => {
    event?.preventDefault();
    keepInAddress(fields);
    onSearch();
  };
  const clear = () => {
    for (const name of FIELDS) fields[name].value = name === 'limit' ? DEFAULT_LIMIT : '';
    submit();
  };
  // Closed while nothing is in it: such a field is seven stops for the tabulator.
  const when = el('details', { class: 'when' }, el('summary', {}, 'Time'), el('div', { class: 'moments' }, labelled('From', fields.start), labelled('Until', fields.end)));
  const element = el(
    'form',
    { class: 'filter', onsubmit: submit, 'aria-label': 'Search' },
    labelled('Service', fields.service, services),
    labelled('Span name', fields.name, names),
    labelled('Status', fields.status),
    labelled('Attribute', fields.attribute),
    labelled('At least', fields.min),
    labelled('At most', fields.max),
    labelled('Show', fields.limit),
    when,
    el('div', { class: 'query' }, labelled('TraceQL', fields.q), message),
    el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'primary' }, 'Search'), el('button', { type: 'button', onclick: clear }, 'Clear')),
  );
  readAddress(fields);
  when.open = MOMENTS.some((name) => fields[name].value);
  offer('service.name', services, fields.service);
  offer('name', names, fields.name);
  for (const name of ['status', 'limit', ...MOMENTS]) fields[name].addEventListener('change', submit);
  return {
    element,
    parameters: () => parameters(fields),
    limit: () => Number(fields.limit.value),
    isEmpty: () => FIELDS.every((name) => name === 'limit' || !fields[name].value.trim()),
    accept: () => accept(fields, message),
    refuse: (text) => refuse(fields, message, text),
  };
}

function makeFields() {
  const options = (...values) => values.map(([value, text]) => el('option', { value }, text));
  return {
    service: el('input', { name: 'service', list: 'services', placeholder: 'any', autocomplete: 'off' }),
    name: el('input', { name: 'name', list: 'names', placeholder: 'any', autocomplete: 'off' }),
    status: el('select', { name: 'status' }, options(['', 'any'], ['error', 'error'], ['ok', 'ok'], ['unset', 'unset'])),
    attribute: el('input', { name: 'attribute', placeholder: 'user.id=1001', title: 'A number, true and false are compared as such; in quotes they are text.', autocomplete: 'off' }),
    min: el('input', { name: 'min', placeholder: '10ms', autocomplete: 'off', size: 8 }),
    max: el('input', { name: 'max', placeholder: '1.5s', autocomplete: 'off', size: 8 }),
    start: el('input', { name: 'start', type: 'datetime-local', step: 1 }),
    end: el('input', { name: 'end', type: 'datetime-local', step: 1 }),
    limit: el('select', { name: 'limit' }, options(['50', '50'], ['100', '100'], ['500', '500'], ['1000', '1000'])),
    q: el('input', { name: 'q', placeholder: '{ duration > 20ms && .http.route = "/process" }', autocomplete: 'off', spellcheck: 'false', 'aria-describedby': 'q-error' }),
  };
}

const labelled = (title, field, list) => el('label', { class: `field-${field.name}` }, el('span', {}, title), field, list);

/** Fields become `tags`, so that a place in a refused query is a place in the line that was written. */
function parameters(fields) {
  const value = (name) => fields[name].value.trim();
  const tags = [];
  if (value('service')) tags.push(`service.name=${quoted(value('service'))}`);
  if (value('name')) tags.push(`name=${quoted(value('name'))}`);
  if (value('status')) tags.push(`status=${value('status')}`);
  if (value('attribute')) tags.push(attributeTag(value('attribute')));
  return {
    q: value('q'),
    tags: tags.join(' '),
    minDuration: value('min'),
    maxDuration: value('max'),
    start: seconds(value('start')),
    end: seconds(value('end')),
    limit: value('limit'),
  };
}

function attributeTag(text) {
  const [, key, value] = /^\.?([^=]+?)\s*=\s*(.*)$/.exec(text) ?? [];
  if (!key) return text;
  const isLiteral = /^(true|false|-?\d+(\.\d+)?|".*")$/.test(value);
  return `${key}=${isLiteral ? value : quoted(value)}`;
}

const quoted = (text) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

function readAddress(fields) {
  const given = new URLSearchParams(location.search);
  for (const name of FIELDS) {
    const value = given.get(name) ?? (name === 'limit' ? DEFAULT_LIMIT : '');
    fields[name].value = MOMENTS.includes(name) ? localTime(value) : value;
  }
  if (!fields.limit.value) fields.limit.value = DEFAULT_LIMIT;
  if (fields.status.selectedIndex < 0) fields.status.value = '';
}

function keepInAddress(fields) {
  const given = new URLSearchParams();
  for (const name of FIELDS) {
    const written = fields[name].value.trim();
    const value = MOMENTS.includes(name) ? seconds(written) : written;
    if (value && !(name === 'limit' && value === DEFAULT_LIMIT)) given.set(name, value);
  }
  history.replaceState(null, '', given.size > 0 ? `?${given}` : location.pathname);
}

/** Of a local time as the field has it; nothing for none. */
const seconds = (local) => (local ? String(Math.floor(new Date(local).getTime() / 1000)) : '');

function localTime(text) {
  if (!/^\d{1,11}$/.test(text)) return '';
  const moment = new Date(1000 * Number(text));
  const local = new Date(moment.getTime() - 60_000 * moment.getTimezoneOffset());
  return local.toISOString().slice(0, 19);
}

/** The values that the store knows, fetched when the field is first used. */
function offer(tag, list, field) {
  field.addEventListener('focus', async () => {
    try {
      list.replaceChildren(...(await tagValues(tag)).map((value) => el('option', { value })));
    } catch {
      // Nothing is offered; what is typed still works.
    }
  });
}

function accept(fields, message) {
  fields.q.removeAttribute('aria-invalid');
  if (message.hasChildNodes()) message.replaceChildren();
}

/** Under the place in the line where it stops being a query. */
function refuse(fields, message, text) {
  // Live updates are refused like the first question; an alert is said once.
  if (message.querySelector('p')?.textContent === text && fields.q.value === message.dataset.of) return;
  message.dataset.of = fields.q.value;
  const [, line, column] = /line (\d+), col (\d+)/.exec(text) ?? [];
  const isQuery = column && !text.startsWith('tags');
  if (isQuery) fields.q.setAttribute('aria-invalid', 'true');
  const place = isQuery && el('pre', { 'aria-hidden': 'true' }, `${fields.q.value.trim().split('\n')[line - 1] ?? ''}\n${' '.repeat(column - 1)}^`);
  message.replaceChildren(...[place, el('p', {}, text)].filter(Boolean));
}
