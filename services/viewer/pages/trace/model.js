// A trace as a tree: who is whose child, what is wrong with it, which part of it decided how long it took.

import { duration } from '../format.js';

/** Clocks of one machine differ by less, in milliseconds. */
const SKEW = 0.1;

/** `spans` is what otlp.js read; times in the tree are milliseconds from the trace's first moment. */
export function buildTrace(spans) {
  const start = spans.reduce((first, span) => (span.start < first ? span.start : first), spans[0].start);
  const nodes = new Map(spans.map((span) => [span.id, node(span, start)]));
  const tops = connect(nodes);
  const trace = { id: spans[0].traceId, start, nodes, tops, root: undefined, duration: 0, services: new Map(), errors: 0, depth: 0 };
  tops.push(...circles(nodes, tops));
  tops.sort(byStart);
  trace.root = tops.find((top) => !top.span.parentId) ?? tops[0];
  for (const top of tops) walk(top, (each) => add(trace, each));
  for (const top of tops) {
    if (top !== trace.root || top.span.parentId) blameTop(top, trace.root);
  }
  number(tops);
  for (const each of nodes.values()) number(each.children);
  markCritical(trace.root);
  markLate(trace.root);
  for (const each of nodes.values()) each.critical.sort(([a], [b]) => a - b);
  trace.problems = [...nodes.values()].filter((each) => each.problems.length > 0).sort(byStart);
  return trace;
}

function node(span, start) {
  const from = Number(span.start - start) / 1e6;
  const to = Math.max(Number(span.end - start) / 1e6, from);
  return { span, from, to, parent: undefined, children: [], depth: 0, place: 1, siblings: 1, problems: [], critical: [], network: undefined };
}

/** Which of how many each is, for those who listen: the document has only the rows in view. */
function number(siblings) {
  siblings.forEach((each, at) => Object.assign(each, { place: at + 1, siblings: siblings.length }));
}

const byStart = (a, b) => a.from - b.from || b.to - a.to;

/** Gives every span its parent, and the spans without one back. */
function connect(nodes) {
  const tops = [];
  for (const each of nodes.values()) {
    const parent = nodes.get(each.span.parentId);
    if (parent && parent !== each) {
      each.parent = parent;
      parent.children.push(each);
    } else {
      tops.push(each);
    }
  }
  for (const each of nodes.values()) each.children.sort(byStart);
  return tops;
}

/** Parents that go round in a circle reach no top: one span of each circle becomes one. */
function circles(nodes, tops) {
  const reached = new Set();
  for (const top of tops) walk(top, (each) => reached.add(each));
  const found = [];
  for (const each of nodes.values()) {
    if (reached.has(each)) continue;
    each.parent.children.splice(each.parent.children.indexOf(each), 1);
    each.parent = undefined;
    each.isInCircle = true;
    each.problems.push('Its parents form a circle.');
    found.push(each);
    walk(each, (below) => reached.add(below));
  }
  return found;
}

/** Parents before their children, in the order of the waterfall; without recursion, since a trace may be thousands deep. */
export function walk(top, visit) {
  const waiting = [top];
  while (waiting.length > 0) {
    const each = waiting.pop();
    const below = visit(each) === false ? [] : each.children;
    for (let index = below.length - 1; index >= 0; index -= 1) waiting.push(below[index]);
  }
}

function add(trace, each) {
  const { span, parent } = each;
  each.depth = parent ? parent.depth + 1 : 0;
  each.network = network(each);
  blameClock(each);
  trace.duration = Math.max(trace.duration, each.to);
  trace.depth = Math.max(trace.depth, each.depth + 1);
  trace.errors += span.status === 'error' ? 1 : 0;
  trace.services.set(span.service, (trace.services.get(span.service) ?? 0) + 1);
}

/** What a CLIENT span waited before its SERVER began, and after it had ended. */
function network({ span, children, from, to }) {
  const servers = span.kind === 'client' ? children.filter((child) => child.span.kind === 'server') : [];
  if (servers.length === 0) return undefined;
  const first = Math.min(...servers.map((server) => server.from));
  const last = Math.max(...servers.map((server) => server.to));
  return { there: Math.max(first - from, 0), back: Math.max(to - last, 0) };
}

function blameClock({ span, parent, from, to, problems }) {
  if (span.end < span.start) problems.push('It ends before it starts.');
  if (!parent) return;
  const early = parent.from - from;
  const late = to - parent.to;
  const fits = to - from <= parent.to - parent.from;
  const isOneService = parent.span.service === span.service;
  const other = isOneService ? 'its parent' : `its parent in ${parent.span.service}`;
  if (early > SKEW && isOneService) {
    // One process has one clock: whoever made the span gave it another start.
    problems.push(`It starts ${duration(early)} before its parent.`);
  } else if (early > SKEW) {
    problems.push(`Clock skew: it starts ${duration(early)} before ${other}, so their clocks differ.`);
  } else if (span.kind === 'server' && parent.span.kind === 'client' && fits && late > SKEW) {
    problems.push(`Clock skew: it ends ${duration(late)} after ${other}, which waited for it, so their clocks differ.`);
  }
}

function blameTop(top, root) {
  const { id, parentId } = top.span;
  if (top.isInCircle) return;
  if (parentId === id) {
    top.problems.push('It names itself as its parent.');
  } else if (parentId) {
    top.problems.push(`Orphan: its parent ${parentId} is not here. It was lost, not sampled, never sent, or is still on its way.`);
  } else {
    top.problems.push(`Second root: it has no parent although the trace began with ${root.span.name}. A hop kept the trace's id and lost its parent.`);
  }
}

/**
 * Backwards from the end: whichever child ended last decided, then whichever ended last before that one began. A child decides only of
 * its parent's time: what a skewed clock puts before that is its grandparent's.
 */
function markCritical(root) {
  const waiting = [[root, root.from, root.to]];
  while (waiting.length > 0) {
    const [each, since, until] = waiting.pop();
    const begin = Math.max(each.from, since);
    let end = Math.min(until, each.to);
    for (const child of each.children.toSorted((a, b) => b.to - a.to)) {
      const childEnd = Math.min(child.to, each.to);
      if (childEnd > end || childEnd <= begin || child.from >= end) continue;
      if (end > childEnd) each.critical.push([childEnd, end]);
      waiting.push([child, begin, childEnd]);
      end = Math.max(child.from, begin);
    }
    if (end > begin || each.to === each.from) each.critical.push([begin, end]);
  }
}

/**
 * What goes on after the root has ended, as a late delivery does, decided how long the trace took: the same, backwards from the last
 * moment below the root to its end. Where nobody ran in between, nobody decided.
 */
function markLate(root) {
  const last = lastMoments(root);
  const waiting = [[root, root.to]];
  while (waiting.length > 0) {
    const [each, since] = waiting.pop();
    const begin = Math.max(each.from, since);
    let end = last.get(each);
    for (const child of each.children.toSorted((a, b) => last.get(b) - last.get(a))) {
      const childEnd = last.get(child);
      if (childEnd <= begin) break;
      if (childEnd > end || child.from >= end) continue;
      own(each, childEnd, end);
      waiting.push([child, begin]);
      end = Math.max(child.from, begin);
    }
    own(each, begin, end);
  }
}

/** A span decides while it runs. */
function own(each, from, to) {
  const until = Math.min(to, each.to);
  if (until > from) each.critical.push([from, until]);
}

/** When the last span of each subtree ends. */
function lastMoments(root) {
  const order = [];
  walk(root, (each) => order.push(each));
  const last = new Map();
  for (const each of order.reverse()) {
    last.set(each, each.children.reduce((latest, child) => Math.max(latest, last.get(child)), each.to));
  }
  return last;
}
