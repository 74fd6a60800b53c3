// Who called whom in this trace: services in columns by how far they are from the first, databases as cylinders.

import { colourClass } from '../colour.js';
import { el, svg } from '../dom.js';
import { duration, plural } from '../format.js';
import { text } from '../otlp.js';

const NODE = { width: 132, height: 40, across: 72, down: 22 };
/** A picture of more nodes helps nobody. */
const MOST_NODES = 60;
const DATABASE_KEYS = ['db.system.name', 'db.namespace', 'db.system', 'db.name'];

export function chainGraph(trace) {
  const { nodes, edges } = calls(trace);
  if (nodes.size > MOST_NODES) return el('p', {}, `${nodes.size} services and databases: too many for a picture.`);
  place(nodes, edges);
  const columns = Math.max(...[...nodes.values()].map(({ column }) => column)) + 1;
  const rows = Math.max(...[...nodes.values()].map(({ line }) => line)) + 1;
  const width = columns * (NODE.width + NODE.across) - NODE.across + 8;
  const height = rows * (NODE.height + NODE.down) - NODE.down + 8;
  const picture = svg(
    'svg',
    { viewBox: `-4 -4 ${width} ${height}`, width, height, role: 'img', 'aria-label': spoken(nodes, edges) },
    [...edges.values()].map((edge) => arrow(edge, nodes)),
    [...nodes.values()].map(shape),
  );
  return el('div', { class: 'graph', tabindex: 0, role: 'region', 'aria-label': 'Chain of the trace' }, picture);
}

function calls(trace) {
  const nodes = new Map();
  const edges = new Map();
  const node = (name, isDatabase) => nodes.get(name) ?? nodes.set(name, { name, isDatabase, column: 0, line: 0 }).get(name);
  const call = (from, to, each) => {
    const edge = edges.get(`${from}\n${to}`) ?? { from, to, calls: 0, errors: 0, time: 0 };
    edges.set(`${from}\n${to}`, edge);
    edge.calls += 1;
    edge.errors += each.span.status === 'error' ? 1 : 0;
    edge.time += each.to - each.from;
  };
  for (const each of trace.nodes.values()) {
    const { span, parent } = each;
    node(span.service, false);
    if (parent && parent.span.service !== span.service) call(parent.span.service, span.service, parent);
    const database = span.kind === 'client' && databaseOf(span.raw.attributes);
    if (!database) continue;
    node(database, true);
    call(span.service, database, each);
  }
  return { nodes, edges };
}

function databaseOf(attributes) {
  const system = DATABASE_KEYS.map((key) => text(attributes, key)).find(Boolean);
  return system && (text(attributes, 'peer.service') ?? text(attributes, 'server.address') ?? system);
}

/** Each one column right of the rightmost that calls it; a circle ends after as many rounds as there are nodes. */
function place(nodes, edges) {
  for (let round = 0; round < nodes.size; round += 1) {
    let moved = false;
    for (const { from, to } of edges.values()) {
      const wanted = nodes.get(from).column + 1;
      if (nodes.get(to).column >= wanted || wanted >= nodes.size) continue;
      nodes.get(to).column = wanted;
      moved = true;
    }
    if (!moved) break;
  }
  const filled = new Map();
  const sorted = [...nodes.values()].sort((a, b) => a.isDatabase - b.isDatabase);
  for (const each of sorted) {
    each.line = filled.get(each.column) ?? 0;
    filled.set(each.column, each.line + 1);
  }
}

const left = ({ column }) => column * (NODE.width + NODE.across);
const top = ({ line }) => line * (NODE.height + NODE.down);

function shape(each) {
  const [x, y] = [left(each), top(each)];
  const { width, height } = NODE;
  const outline = each.isDatabase
    ? [
        svg('path', { d: `M${x} ${y + 7}v${height - 14}a${width / 2} 7 0 0 0 ${width} 0v${14 - height}`, class: 'body' }),
        svg('ellipse', { cx: x + width / 2, cy: y + 7, rx: width / 2, ry: 7, class: 'body' }),
      ]
    : svg('rect', { x, y, width, height, rx: 6, class: 'body' });
  const name = svg('text', { x: x + width / 2, y: y + height / 2 + (each.isDatabase ? 9 : 5) }, short(each.name));
  return svg('g', { class: `node ${colourClass(each.name)}` }, svg('title', {}, each.name), outline, name);
}

const short = (name) => (name.length > 16 ? `${name.slice(0, 15)}…` : name);

function arrow(edge, nodes) {
  const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
  const [x1, y1] = [left(from) + NODE.width, top(from) + NODE.height / 2];
  const [x2, y2] = [left(to), top(to) + NODE.height / 2];
  const bend = Math.max((x2 - x1) / 2, 20);
  return svg(
    'g',
    { class: edge.errors > 0 ? 'edge failed' : 'edge' },
    svg('title', {}, `${edge.from} to ${edge.to}: ${told(edge)}`),
    svg('path', { d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2 - 6} ${y2}` }),
    svg('path', { d: `M${x2} ${y2}l-8 -4v8z`, class: 'head' }),
    svg('text', { x: (x1 + x2) / 2, y: (y1 + y2) / 2 - 6 }, edge.calls > 1 ? `${edge.calls} ×` : duration(edge.time)),
  );
}

const told = ({ calls: number, errors, time }) =>
  `${plural(number, 'call')}, ${duration(time)}${errors > 0 ? `, ${plural(errors, 'error')}` : ''}`;

function spoken(nodes, edges) {
  if (edges.size === 0) return `Only ${[...nodes.keys()].join(', ')}.`;
  return [...edges.values()].map((edge) => `${edge.from} calls ${edge.to}: ${told(edge)}`).join('; ');
}
