// What the store holds and what it had to let go: never hidden.

import { el } from '../dom.js';
import { bytes, count, plural } from '../format.js';

/** `stats` as `/api/store` has it. */
export function holdings(stats) {
  const held = `${plural(stats.traces_held, 'trace')} with ${plural(stats.spans_held, 'span')} and ${plural(stats.logs_held, 'log line')} held in ${bytes(stats.bytes)} of ${bytes(stats.budget_bytes)}.`;
  const gone = [
    [stats.traces_evicted, 'evicted trace'],
    [stats.logs_evicted, 'evicted log line'],
    [stats.spans_late, 'late span of evicted traces dropped', 'late spans of evicted traces dropped'],
    [stats.spans_rejected, 'refused span'],
    [stats.logs_rejected, 'refused log line'],
  ].filter(([number]) => number > 0);
  const text = gone.map(([number, one, many]) => plural(number, one, many)).join(', ');
  return [
    el('p', { class: 'holdings' }, held, gone.length === 0 ? ' Nothing evicted, nothing refused.' : ''),
    gone.length > 0 && el('p', { class: 'wrong note' }, `⚠ Gone since the start: ${text}.${why(stats)}`),
  ].filter(Boolean);
}

/** Only what was evicted made room; what was refused may have been no span at all, and the sender was told why. */
function why({ traces_evicted: traces, logs_evicted: logs, budget_bytes: budget }) {
  const evicted = [traces > 0 && 'traces', logs > 0 && 'log lines'].filter(Boolean).join(' and ');
  if (!evicted) return ' The answer to its sender, and the viewer’s log, say why.';
  return ` Older ${evicted} made room for newer ones; VIEWER_STORE_BYTES keeps more than ${count(Math.round(budget / 1_048_576))} MiB.`;
}
