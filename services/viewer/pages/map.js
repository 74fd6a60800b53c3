// Who calls whom, how often, how fast and with how many errors: drawn in layers, and once more as tables.

import { coalesced, getJson } from './api.js';
import { byId, el, say } from './dom.js';
import { count, plural } from './format.js';
import { follow } from './live.js';
import { Picture } from './map/picture.js';
import { NumberTable } from './map/table.js';
import { pauseButton } from './pause.js';
import { holdings } from './traces/store.js';

const WINDOWS = [['300', 'the last 5 minutes'], ['900', 'the last 15 minutes'], ['1800', 'the last 30 minutes'], ['all', 'all that is held']];
const DEFAULT_WINDOW = '900';
/** The window moves on when nothing comes in, too. */
const REFRESH_MS = 10_000;
const narrow = matchMedia('(max-width: 70rem)');

export function mapPage(main) {
  document.title = 'Map · tracechain';
  const period = periodField(() => ask.now());
  const picture = new Picture();
  const nodes = new NumberTable('Services and databases', ['Name', 'Kind'], (node) => [node.id, node.kind]);
  const edges = new NumberTable('Calls', ['Call', 'Of'], (edge) => [`${edge.source} → ${edge.target}`, edge.callee]);
  const ask = coalesced(async () => {
    try {
      show(await getJson('/api/map', { seconds: secondsOf(period), direction: narrow.matches ? 'down' : 'right' }));
    } catch (error) {
      say(byId('found'), `No answer: ${error.message}`);
    }
  }, () => !pause.isPaused());
  const pause = pauseButton(() => ask.now());
  main.replaceChildren(
    el('div', { class: 'title' }, el('h1', {}, 'Map'), pause.element),
    el('div', { id: 'store' }),
    el('form', { class: 'period', onsubmit: (event) => event.preventDefault() }, el('label', {}, 'Calls of ', period)),
    el('p', { id: 'found', class: 'notice', role: 'status' }),
    picture.element,
    nodes.element,
    edges.element,
  );

  function show(map) {
    const kinds = new Map(map.nodes.map(({ id, kind }) => [id, kind]));
    picture.show(map, narrow.matches ? 'down' : 'right');
    nodes.show(map.nodes.map((node) => ({ ...node, key: node.id })));
    edges.show(map.edges.map((edge) => ({ ...edge, key: `${edge.source}\n${edge.target}`, callee: kinds.get(edge.target) })));
    say(byId('found'), told(map, period));
  }

  follow((stats) => {
    byId('store').replaceChildren(...holdings(stats));
    if (!pause.isPaused()) ask();
  });
  setInterval(() => document.hidden || pause.isPaused() || ask(), REFRESH_MS);
  narrow.addEventListener('change', () => ask.now());
  ask();
}

function periodField(onChange) {
  const field = el('select', { name: 'window' }, WINDOWS.map(([value, text]) => el('option', { value }, text)));
  field.value = new URLSearchParams(location.search).get('window') ?? DEFAULT_WINDOW;
  if (field.selectedIndex < 0) field.value = DEFAULT_WINDOW;
  field.addEventListener('change', () => {
    history.replaceState(null, '', field.value === DEFAULT_WINDOW ? location.pathname : `?window=${field.value}`);
    onChange();
  });
  return field;
}

const secondsOf = ({ value }) => (value === 'all' ? undefined : value);

function told({ nodes, edges }, period) {
  if (nodes.length === 0) return nothing(period);
  const drawn = nodes.filter(({ place }) => place).length;
  const lines = edges.filter(({ bends }) => bends).length;
  const most = drawn < nodes.length || lines < edges.length ? ` Drawn are the busiest: ${count(drawn)} of them and ${plural(lines, 'line')}.` : '';
  return `${plural(nodes.length, 'service or database', 'services and databases')}, ${plural(edges.length, 'kind')} of calls.${most}`;
}

function nothing(period) {
  const text = period.selectedOptions[0].textContent;
  return period.value === 'all' ? 'No call yet. Send a request to the gateway: the map draws itself.' : `No call began in ${text}. Choose a longer time above, or send a request.`;
}
