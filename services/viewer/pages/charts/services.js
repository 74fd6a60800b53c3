// The targets in numbers: how each is now, what is wrong with it, and whether the account of its spans closes.

import { colourClass } from '../colour.js';
import { el } from '../dom.js';
import { clockTime, count, duration } from '../format.js';
import { digits } from './measures.js';
import { STATES } from './picture.js';

/** Each target that is not up, why, and what to do. */
export function troubles(targets) {
  const wrong = targets.filter(({ state }) => state !== null && state !== 'up');
  return wrong.map(({ service, url, state, since, reason }) =>
    el('p', { class: 'wrong note', 'data-trouble': service }, el('strong', {}, `⚠ ${service} ${STATES[state]}`), ` since ${clockTime(since)}: ${url} ${told(state, reason)}.`),
  );
}

const told = (state, reason) => (state === 'down' && !reason.startsWith('answers') ? `cannot be read (${reason})` : reason.replace(/\.$/, ''));

export function summary({ targets, at }) {
  const columns = ['Service', 'State', 'Requests', 'Errors', 'p50', 'p95', 'p99', 'Connections', 'Wait p95', 'Memory'];
  return el(
    'table',
    { class: 'now' },
    el('caption', { class: 'unseen' }, 'Each service as it was last read'),
    el('thead', {}, el('tr', {}, columns.map((name, place) => el('th', { scope: 'col', class: place > 1 && 'number' }, name)))),
    el('tbody', {}, targets.map((target) => row(target, at))),
  );
}

function row(target) {
  const now = (column) => newest(target[column], target.states);
  const [used, most] = [now('pool_used'), now('pool_max')];
  const errors = now('client_errors_per_second');
  const failed = errors === null ? null : errors + (now('server_errors_per_second') ?? 0);
  const cells = [
    shown(now('requests_per_second'), (rate) => `${digits(rate)}/s`),
    shown(failed, (rate) => errorShare(rate, now('requests_per_second'))),
    ...['p50_seconds', 'p95_seconds', 'p99_seconds'].map((column) => shown(now(column), (value) => duration(value * 1000))),
    shown(used, () => (most === null ? String(used) : `${used} of ${most}`)),
    shown(now('wait_p95_seconds'), (value) => duration(value * 1000)),
    shown(now('resident_bytes'), (value) => `${digits(value / 1_048_576)} MiB`),
  ];
  const state = target.state ?? 'waiting';
  return el(
    'tr',
    { class: colourClass(target.service), 'data-service': target.label },
    el('th', { scope: 'row' }, el('span', { class: 'service' }, target.label)),
    el('td', {}, state === 'up' ? 'up' : el('span', { class: 'badge wrong' }, STATES[state] ?? 'not read yet')),
    cells.map((text) => el('td', { class: 'number' }, text)),
  );
}

const shown = (value, format) => (value === null || value === undefined ? '–' : format(value));

const errorShare = (errors, requests) => (errors === 0 ? '0' : `${digits(errors)}/s (${digits((100 * errors) / requests)} %)`);

/** Of the last two steps: the one under way may have nothing yet. Older than that is not now. */
function newest(values, states) {
  for (const back of [1, 2]) {
    if (states.at(-back) && states.at(-back) !== 'up') return null;
    if (values.at(-back) !== null && values.at(-back) !== undefined) return values.at(-back);
  }
  return null;
}

/** ended = exported + failed + dropped + queued, read as one snapshot. */
export function accounts(targets) {
  const known = targets.filter(({ spans }) => spans);
  const line = ({ label, service, spans }) => {
    const { ended, exported, failed, dropped, queued } = spans;
    const isClosed = ended === exported + failed + dropped + queued;
    const lost = failed + dropped;
    return el(
      'tr',
      { class: colourClass(service), 'data-service': label },
      el('th', { scope: 'row' }, el('span', { class: 'service' }, label)),
      [ended, exported, failed, dropped, queued].map((value) => el('td', { class: 'number' }, count(value))),
      el('td', {}, isClosed ? 'closes' : el('span', { class: 'badge wrong' }, `does not close: ${count(ended - exported - failed - dropped - queued)} unaccounted for`), lost > 0 ? el('span', { class: 'badge wrong' }, 'spans lost') : ''),
    );
  };
  if (known.length === 0) return el('p', {}, 'No target tells of its spans.');
  const names = ['Service', 'Ended', 'Exported', 'Failed', 'Dropped', 'Queued', 'Account'];
  return el(
    'table',
    { class: 'now' },
    el('caption', {}, 'Sampled spans since each process began: ended = exported + failed + dropped + queued'),
    el('thead', {}, el('tr', {}, names.map((name, place) => el('th', { scope: 'col', class: place > 0 && place < 6 && 'number' }, name)))),
    el('tbody', {}, known.map(line)),
  );
}
