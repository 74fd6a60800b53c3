// The traces that were looked at last, so that one of them can be chosen without its id being typed. They stay in this browser.

import { el } from '../dom.js';

const KEY = 'viewed-traces';
const MOST = 10;

export function viewed() {
  try {
    const list = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(list) ? list.filter((each) => typeof each?.id === 'string') : [];
  } catch {
    // Without storage nothing is remembered.
    return [];
  }
}

export function remember(id, name) {
  const list = [{ id, name: String(name).slice(0, 100) }, ...viewed().filter((each) => each.id !== id)];
  try {
    localStorage.setItem(KEY, JSON.stringify(list.slice(0, MOST)));
  } catch {
    // As above.
  }
}

export const viewedList = (id) => el('datalist', { id }, viewed().map((each) => el('option', { value: each.id }, each.name)));

/** On the page of a trace: what it is to be compared with, at first the one that was looked at before. */
export function compareWith(id, name) {
  const before = viewed().find((each) => each.id !== id)?.id ?? '';
  remember(id, name);
  return el(
    'form',
    { class: 'compare-with', action: '/compare' },
    el('input', { type: 'hidden', name: 'left', value: id }),
    el('label', {}, 'Compare with trace ', el('input', { name: 'right', value: before, list: 'viewed', placeholder: 'id of another trace', autocomplete: 'off', spellcheck: 'false', required: true })),
    viewedList('viewed'),
    el('button', { type: 'submit' }, 'Compare'),
  );
}
