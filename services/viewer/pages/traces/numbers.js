// How long the shown traces took.

import { el } from '../dom.js';
import { count, duration } from '../format.js';

export function numbers(traces) {
  if (traces.length === 0) return [];
  const sorted = traces.map(({ ms }) => ms).sort((a, b) => a - b);
  // Nearest rank, as the service graph counts.
  const quantile = (share) => sorted[Math.max(Math.ceil(sorted.length * share), 1) - 1];
  const failed = traces.filter(({ errors }) => errors > 0).length;
  const facts = [
    ['p50', duration(quantile(0.5))],
    ['p95', duration(quantile(0.95))],
    ['p99', duration(quantile(0.99))],
    ['With errors', `${count(failed)} of ${count(traces.length)}`],
  ];
  return [el('dl', { class: 'facts', 'aria-label': 'Of the traces shown' }, facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))))];
}
