// The requests of this tab, newest first. What a form held is not kept, only what the list shows.

import { byId, make, shownDuration } from './dom.js';
import { statusClass } from './answer.js';

const KEY = 'tracechain.recent';
const KEPT = 20;

const read = () => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    return Array.isArray(kept) ? kept : [];
  } catch {
    return [];
  }
};

/** Puts `request` in front of the list. */
export function remember({ method, path, status, duration, traceId, began }, showing) {
  const kept = [{ method, path, status, duration, traceId, began }, ...read()].slice(0, KEPT);
  try {
    sessionStorage.setItem(KEY, JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing shows the last one.
  }
  list(kept, showing);
}

/** Shows what was kept. */
export function showRecent(showing) {
  list(read(), showing);
}

function list(kept, showing) {
  if (kept.length === 0) return;
  const rows = kept.map((request) =>
    make(
      'tr',
      {},
      make('td', {}, new Date(request.began).toLocaleTimeString('en-GB')),
      make('td', {}, make('span', { class: statusClass(request.status) }, request.status || 'none')),
      make('td', {}, `${request.method} ${request.path}`),
      make('td', { class: 'number' }, shownDuration(request.duration)),
      make('td', {}, showing ? make('a', { href: showing.link(request.traceId) }, make('code', {}, request.traceId)) : make('code', {}, request.traceId)),
    ),
  );
  const titles = ['Time', 'Status', 'Request', 'Duration', 'Trace'].map((title, place) => make('th', { scope: 'col', class: place === 3 ? 'number' : null }, title));
  const table = make('table', {}, make('thead', {}, make('tr', {}, titles)), make('tbody', {}, rows));
  byId('recent').replaceChildren(make('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Recent requests' }, table));
}
