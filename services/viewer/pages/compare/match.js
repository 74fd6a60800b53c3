// Two traces as one tree of pairs. A span's counterpart is at the same path of service, name and kind; where several siblings
// have one name, the first is held against the first, the second against the second.

import { pairs as attributesOf, shown } from '../otlp.js';

/** `left` and `right` are what model.js built. The pairs come in the order of the waterfall, parents first. */
export function matchTraces(left, right) {
  const anchors = anchorsOf(left, right);
  const waiting = inOrder(left.tops, right.tops, anchors, 0);
  const found = [];
  while (waiting.length > 0) {
    const each = waiting.pop();
    each.index = found.length;
    found.push(each);
    for (const next of inOrder(each.left?.children ?? [], each.right?.children ?? [], anchors, each.depth + 1)) waiting.push(next);
  }
  return found;
}

/** The last first, for a stack. */
function inOrder(lefts, rights, anchors, depth) {
  const inner = new Set(anchors.values());
  const own = (nodes) => nodes.filter((each) => !inner.has(each));
  const couples = couple(own(lefts), own(rights)).map(([left, right]) => [left ?? anchors.get(right), right ?? anchors.get(left)]);
  const start = ([left, right]) => (left ?? right).from;
  return couples.sort((a, b) => start(b) - start(a)).map(([left, right], at, all) => ({ ...pair(left, right, depth), place: all.length - at, siblings: all.length }));
}

function couple(lefts, rights) {
  const waiting = Map.groupBy(rights, identity);
  const used = new Map();
  const couples = lefts.map((left) => {
    const key = identity(left);
    const place = used.get(key) ?? 0;
    used.set(key, place + 1);
    return [left, waiting.get(key)?.[place]];
  });
  for (const [key, list] of waiting) {
    for (const right of list.slice(used.get(key) ?? 0)) couples.push([undefined, right]);
  }
  return couples;
}

const identity = ({ span }) => `${span.service}\n${span.name}\n${span.kind}`;

/**
 * Traces that do not begin alike, at another caller or further down, still have a part in common: the first spans that are
 * the same, from the one of them that hangs deeper to the other, which is shown there.
 */
function anchorsOf(left, right) {
  const known = new Set(left.tops.map(identity));
  if (right.tops.some((top) => known.has(identity(top)))) return new Map();
  const byDepth = (a, b) => a.depth - b.depth || a.from - b.from;
  const firsts = new Map();
  for (const each of [...left.nodes.values()].sort(byDepth)) if (!firsts.has(identity(each))) firsts.set(identity(each), each);
  const found = [...right.nodes.values()].sort(byDepth).find((each) => firsts.has(identity(each)));
  if (!found) return new Map();
  const other = firsts.get(identity(found));
  return new Map([other.depth >= found.depth ? [other, found] : [found, other]]);
}

function pair(left, right, depth) {
  const isBoth = Boolean(left && right);
  const [before, after] = [lasted(left), lasted(right)];
  return {
    left,
    right,
    depth,
    index: 0,
    /** Of either. */
    span: (left ?? right).span,
    /** Milliseconds; more is slower on the right. */
    delta: isBoth ? after - before : undefined,
    /** The difference as a part of what it was on the left. */
    ratio: isBoth && before > 0 ? (after - before) / before : undefined,
    statusDiffers: isBoth && left.span.status !== right.span.status,
    attributes: isBoth ? differing(left.span.raw.attributes, right.span.raw.attributes) : 0,
  };
}

/** By the spans' own clocks: times from the trace's beginning are rounded, and the same length would differ by it. */
export const lasted = (each) => each && Math.max(Number(each.span.end - each.span.start), 0) / 1e6;

/** How many attributes are not the same on both sides. */
function differing(left, right) {
  if (JSON.stringify(left) === JSON.stringify(right)) return 0;
  return compareAttributes(left, right).filter(({ differs }) => differs).length;
}

/** Every attribute of either side by name, a missing value undefined. */
export function compareAttributes(left, right) {
  const [before, after] = [new Map(attributesOf(left)), new Map(attributesOf(right))];
  const keys = [...new Set([...before.keys(), ...after.keys()])].sort();
  return keys.map((key) => {
    const values = [before, after].map((side) => (side.has(key) ? shown(side.get(key)) : undefined));
    return { key, left: values[0], right: values[1], differs: values[0] !== values[1] };
  });
}

/** Which pairs a reader can ask for. */
export const FILTERS = {
  all: ['all spans', () => true],
  sides: ['in one trace only', ({ left, right }) => !left || !right],
  status: ['status differs', ({ statusDiffers }) => statusDiffers],
  attributes: ['attributes differ', ({ attributes }) => attributes > 0],
  slower: ['slower on the right', ({ delta }) => delta > 0],
  faster: ['faster on the right', ({ delta }) => delta < 0],
};
