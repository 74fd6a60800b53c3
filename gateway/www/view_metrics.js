// Keeps the page of metrics current, filtered and in order. The page is complete without this; what is new comes from the same
// page, fetched again, and is put in place cell by cell, so that neither scrolling nor a selection is lost.

const EVERY_MS = 2000;
const byId = (id) => document.getElementById(id);
const families = byId('families');
let current = new Date();
const parser = new DOMParser();

/** Puts the sections of `page` in the place of those shown. */
function merge(page) {
  const fresh = [...page.querySelectorAll('section.family')];
  const names = new Set(fresh.map((section) => section.dataset.family));
  for (const section of families.querySelectorAll('section.family')) if (!names.has(section.dataset.family)) section.remove();
  let before = null;
  for (const section of fresh) {
    const shown = families.querySelector(`section[data-family="${CSS.escape(section.dataset.family)}"]`);
    if (shown) mergeRows(shown.querySelector('tbody'), section.querySelector('tbody'));
    const there = shown ?? document.importNode(section, true);
    if (!shown) before ? before.after(there) : families.prepend(there);
    before = there;
  }
}

function mergeRows(shown, fresh) {
  const known = new Map([...shown.rows].map((row) => [row.dataset.labels, row]));
  for (const row of fresh.rows) {
    const old = known.get(row.dataset.labels);
    known.delete(row.dataset.labels);
    if (!old) shown.append(document.importNode(row, true));
    else if (old.innerHTML !== row.innerHTML) mergeCells(old, row);
  }
  for (const gone of known.values()) gone.remove();
}

function mergeCells(old, fresh) {
  old.dataset.value = fresh.dataset.value;
  [...fresh.cells].forEach((cell, at) => {
    if (old.cells[at].innerHTML === cell.innerHTML) return;
    const next = document.importNode(cell, true);
    next.classList.add('changed');
    old.cells[at].replaceWith(next);
  });
}

/** Shows only what has the filter's text, and the series in the order asked for. */
function arrange() {
  const wanted = byId('filter').value.trim().toLowerCase();
  const byValue = byId('order').value === 'value';
  const all = [...families.querySelectorAll('section.family')];
  let shown = 0;
  for (const section of all) {
    const has = (text) => text.toLowerCase().includes(wanted);
    const rows = [...section.querySelectorAll('tbody tr')];
    const whole = has(section.dataset.family) || has(section.querySelector('.help').textContent);
    for (const row of rows) row.hidden = !whole && !has(row.dataset.labels);
    section.hidden = !whole && rows.every((row) => row.hidden);
    shown += section.hidden ? 0 : 1;
    order(section.querySelector('tbody'), rows, byValue);
  }
  const text = wanted ? `${shown} of ${all.length} metrics` : `${all.length} metrics`;
  return `${text}, as of ${current.toLocaleTimeString('en-GB')}.`;
}

function order(body, rows, byValue) {
  const sorted = [...rows].sort((a, b) => (byValue && Number(b.dataset.value) - Number(a.dataset.value)) || (a.dataset.labels < b.dataset.labels ? -1 : 1));
  if (sorted.some((row, at) => row !== rows[at])) body.append(...sorted);
}

/** The time changes every two seconds; a screen reader is told only of a filter or a failure. */
function say(text, isLoud) {
  const state = byId('state');
  state.setAttribute('aria-live', isLoud ? 'polite' : 'off');
  if (state.textContent !== text) state.textContent = text;
}

async function refresh() {
  if (byId('refresh').checked && document.visibilityState === 'visible') {
    try {
      const answer = await fetch('/view_metrics', { cache: 'no-store', signal: AbortSignal.timeout(EVERY_MS * 2) });
      if (!answer.ok) throw new Error(`it answered ${answer.status}`);
      const page = parser.parseFromString(await answer.text(), 'text/html');
      current = new Date();
      merge(page);
      byId('state').classList.remove('notice', 'bad');
      say(arrange(), false);
    } catch (error) {
      byId('state').classList.add('notice', 'bad');
      say(`The gateway does not answer (${error.message}). These are the values of ${current.toLocaleTimeString('en-GB')}.`, true);
    }
  }
  setTimeout(refresh, EVERY_MS);
}

byId('controls').hidden = false;
byId('controls').addEventListener('submit', (event) => event.preventDefault());
byId('filter').addEventListener('input', () => say(arrange(), true));
byId('order').addEventListener('change', () => say(arrange(), true));
say(arrange(), false);
setTimeout(refresh, EVERY_MS);
