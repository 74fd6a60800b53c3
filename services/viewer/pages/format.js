// Numbers as people read them.

const whole = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat('en-GB', { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { year: 'numeric', month: 'short', day: 'numeric' });

export const count = (number) => whole.format(number);

export const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** Three digits at most, and a unit that fits: the limits are where rounding would come to the next one. */
export function duration(ms) {
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms === 0) return '0 ms';
  if (ms < 0.0009995) return `${digits(ms * 1e6)} ns`;
  if (ms < 0.9995) return `${digits(ms * 1000)} µs`;
  if (ms < 999.5) return `${digits(ms)} ms`;
  if (ms < 59_950) return `${digits(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function digits(number) {
  const places = number < 10 ? 2 : number < 100 ? 1 : 0;
  return String(Number(number.toFixed(places)));
}

export const bytes = (number) => `${digits(number / 1_048_576)} MiB`;

/** `nanos` is a BigInt; the clock's time with milliseconds. */
export function time(nanos) {
  const ms = Number(nanos / 1_000_000n);
  return `${clock.format(ms)}.${String(ms % 1000).padStart(3, '0')}`;
}

export const date = (nanos) => `${day.format(Number(nanos / 1_000_000n))}, ${time(nanos)}`;

/** Of a moment among others: its time, after the date where the clock alone would not tell them apart. */
export const parts = (nanos, isDated) => (isDated ? [`${dayOf(Number(nanos / 1_000_000n))}, `, time(nanos)] : [time(nanos)]);

export const dayOf = (ms) => day.format(ms);

export const dayAndMinute = (ms) => minute.format(ms);

export const clockTime = (ms) => clock.format(ms);

/** Steps of 1, 2 or 5 times a power of ten that cut `span` into at most `most` parts. */
export function niceStep(span, most) {
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999) ?? 10 * power;
}
