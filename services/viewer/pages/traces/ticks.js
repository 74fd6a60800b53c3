// Where the axis of time is marked, and how each mark is read.

import { clockTime, dayAndMinute, dayOf, niceStep } from '../format.js';

const DAY = 86_400_000;

/** Marks from `first` to `last`, in milliseconds; `room` is half of what a mark's text takes. `isDated` puts dates to them. */
export function timeTicks(first, last, width, isDated) {
  const most = Math.max(Math.floor(width / (isDated ? 140 : 100)), 2);
  const step = stepFor(last - first, most, isDated);
  const format = !isDated ? clockTime : step < DAY ? dayAndMinute : dayOf;
  // A day begins at midnight where the reader is.
  const midnight = 60_000 * new Date(first).getTimezoneOffset();
  const ticks = [];
  for (let at = Math.ceil((first - midnight) / step) * step + midnight; at <= last; at += step) {
    ticks.push({ at, text: format(at), room: isDated ? 48 : 34 });
  }
  return ticks;
}

/** Whole seconds; with dates whole minutes, and from a day on whole days. */
function stepFor(span, most, isDated) {
  if (!isDated) return Math.max(niceStep(span, most), 1000);
  if (span / most > DAY / 2) return DAY * Math.max(Math.ceil(niceStep(span / DAY, most)), 1);
  return 60_000 * Math.max(Math.ceil(niceStep(span / 60_000, most)), 1);
}
