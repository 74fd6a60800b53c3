// The map drawn: the viewer says where everything is, here it gets its shape. Nodes and edges are links, and stay the same
// elements from one update to the next, so that neither focus nor pointer loses them.

import { el, say, svg } from '../dom.js';
import { duration } from '../format.js';
import { edgeShape } from './edges.js';
import { spoken, tracesOf } from './figures.js';
import { nodeShape } from './nodes.js';

/** To what part of its size it shrinks before it is scrolled. */
const SMALLEST = 0.78;
/** Above the picture, for the loops of what calls itself. */
const HEADROOM = 16;

export class Picture {
  #links = new Map();
  #nodes = svg('g', {});
  #edges = svg('g', {});
  #picture = svg('svg', { role: 'group', 'aria-label': 'Services, databases and the calls between them; the tables below have the same' }, this.#edges, this.#nodes);
  #over = el('span', {});
  #key = el('p', { class: 'key' }, this.#over, keyTo('wide', 'the wider, the more calls'), keyTo('failing', '⚠ calls failed: dashed'));
  element = el('div', { hidden: true }, el('div', { class: 'map', role: 'region', tabindex: 0, 'aria-label': 'Map' }, this.#picture), this.#key);

  /** `direction` is whither calls go, `right` or `down`. */
  show(map, direction) {
    const nodes = map.nodes.filter(({ place }) => place);
    const edges = map.edges.filter(({ bends }) => bends);
    const height = map.height + HEADROOM;
    this.element.hidden = nodes.length === 0;
    this.#picture.setAttribute('viewBox', `0 ${-HEADROOM} ${map.width} ${height}`);
    this.#picture.style.setProperty('max-width', `${map.width}px`);
    this.#picture.style.setProperty('min-width', `${map.width * SMALLEST}px`);
    say(this.#over, `Rates are over ${duration(Math.round(map.window_seconds) * 1000)}.`);
    const seen = new Set();
    const places = new Map(nodes.map((node) => [node.id, node.place]));
    const scene = { size: map.node, direction, places, ends: new Set(edges.map(endsOf)), taken: nodes.map(({ place }) => cover(place, map.node)), most: Math.max(1, ...edges.map(({ requests }) => requests)) };
    for (const edge of edges) this.#draw(this.#edges, `edge ${endsOf(edge)}`, edge, edgeShape(edge, scene), seen);
    for (const node of nodes) this.#draw(this.#nodes, `node ${node.id}`, node, nodeShape(node, scene), seen);
    for (const [key, { link }] of this.#links) {
      if (seen.has(key)) continue;
      link.remove();
      this.#links.delete(key);
    }
  }

  #draw(group, key, item, shape, seen) {
    seen.add(key);
    const known = this.#links.get(key) ?? this.#newLink(group, key);
    const state = JSON.stringify([item, shape.state]);
    if (known.state === state) return;
    known.state = state;
    const told = `${shape.name}: ${spoken(item)}`;
    known.link.setAttribute('class', shape.classes);
    known.link.setAttribute('href', tracesOf(item.traceql));
    known.link.dataset.name = shape.name;
    // The title is also what the link is called to those who listen.
    known.link.replaceChildren(svg('title', {}, `${told}. Its traces.`), ...shape.parts.flat());
  }

  #newLink(group, key) {
    const known = { link: svg('a', {}), state: undefined };
    this.#links.set(key, known);
    group.append(known.link);
    return known;
  }
}

const endsOf = ({ source, target }) => `${source}\n${target}`;

/** What a node covers. */
const cover = ([x, y], { width, height }) => [x - width / 2, y - height / 2, x + width / 2, y + height / 2];

const keyTo = (name, text) => el('span', {}, el('i', { class: `stroke ${name}` }), text);
