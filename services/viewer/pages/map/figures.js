// What calls came to, in few characters and in words.

import { count, duration, plural } from '../format.js';

/** Calls in a second; of rare ones, in a minute. */
export function rate(perSecond) {
  if (perSecond >= 1 || perSecond === 0) return `${digits(perSecond)}/s`;
  return `${digits(perSecond * 60)}/min`;
}

/** A share from 0 to 1. */
export function percent(share) {
  if (share > 0 && share < 0.001) return '<0.1 %';
  return `${digits(share * 100)} %`;
}

function digits(number) {
  const places = number < 1 ? 2 : number < 10 ? 1 : 0;
  return count(Number(number.toFixed(places)));
}

/** The address of the traces that a query finds. */
export const tracesOf = (traceql, more = {}) => `/?${new URLSearchParams({ q: traceql, ...more })}`;

export function spoken(numbers) {
  const { requests, requests_per_second: perSecond, error_share: errors } = numbers;
  return `${plural(requests, 'call')}, ${rate(perSecond)}, ${percent(errors)} failed, p50 ${duration(numbers.p50_ms)}, p95 ${duration(numbers.p95_ms)}, p99 ${duration(numbers.p99_ms)}`;
}
