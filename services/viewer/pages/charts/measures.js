// What is drawn: each chart with its unit and where its values come from.

import { duration } from '../format.js';

const perSecond = (value) => `${digits(value)}/s`;
const seconds = (value) => duration(value * 1000);
const number = (value) => digits(value);
const mebibytes = (value) => `${digits(value)} MiB`;

export function digits(value) {
  if (value === 0) return '0';
  const places = value < 0.1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0;
  return String(Number(value.toFixed(places)));
}

const sum = (...columns) => columns[0].map((first, index) => (first === null ? null : columns.reduce((total, column) => total + (column[index] ?? 0), 0)));

/** So that the axis has whole numbers of what it is labelled in. */
const inMebibytes = (column) => column?.map((value) => (value === null ? null : value / 1_048_576));

/** A line for each target, of one column. */
const each = (column) => (targets) => targets.map((target) => ({ name: target.label, target, values: column(target) }));

/** A line for each of `[name, column]` of the one target. */
const of = (...lines) => ([target]) => lines.map(([name, column]) => ({ name, target, values: target[column] }));

/** What failed; a 4xx is no failed span, so the status code is asked for. */
const FAILED = '{ span.http.response.status_code >= 400 }';

/** `isEach`: one chart for each service. `isOptional`: not shown for who has nothing of it. `query`: TraceQL beside service and time. */
export const CHARTS = [
  { id: 'rate', section: 'Requests', title: 'Requests', unit: 'per second', format: perSecond, series: each((target) => target.requests_per_second) },
  {
    id: 'errors',
    section: 'Requests',
    title: 'Errors (status 400 and above)',
    unit: 'per second',
    format: perSecond,
    query: FAILED,
    series: each((target) => sum(target.client_errors_per_second, target.server_errors_per_second)),
  },
  {
    id: 'duration',
    section: 'Duration',
    title: 'Time to answer',
    unit: 'quantiles',
    format: seconds,
    isEach: true,
    series: of(['p50', 'p50_seconds'], ['p95', 'p95_seconds'], ['p99', 'p99_seconds']),
  },
  {
    id: 'pool',
    section: 'Databases',
    title: 'Connections',
    unit: 'of the pool',
    format: number,
    least: 1,
    isEach: true,
    isOptional: true,
    series: of(['used', 'pool_used'], ['idle', 'pool_idle'], ['max', 'pool_max']),
  },
  { id: 'wait', section: 'Databases', title: 'Wait for a connection', unit: 'p95', format: seconds, isOptional: true, series: withAny((target) => target.wait_p95_seconds) },
  { id: 'statement', section: 'Databases', title: 'Statement', unit: 'p95', format: seconds, isOptional: true, series: withAny((target) => target.db_p95_seconds) },
  { id: 'spans', section: 'Spans', title: 'Spans exported', unit: 'per second', format: perSecond, isOptional: true, series: each((target) => target.spans_exported_per_second) },
  {
    id: 'lost',
    section: 'Spans',
    title: 'Spans failed or dropped',
    unit: 'per second',
    format: perSecond,
    isOptional: true,
    series: each((target) => sum(target.spans_failed_per_second, target.spans_dropped_per_second)),
  },
  { id: 'queued', section: 'Spans', title: 'Spans queued', unit: 'waiting for their export', format: number, least: 1, isOptional: true, series: each((target) => target.spans_queued) },
  { id: 'memory', section: 'Processes', title: 'Memory', unit: 'resident', format: mebibytes, isOptional: true, series: each((target) => inMebibytes(target.resident_bytes)) },
];

/** Only those who have it: the gateway has no database. */
function withAny(column) {
  return (targets) => each(column)(targets.filter((target) => column(target).some((value) => value !== null)));
}

/** Where the traces of a service between two moments are, in milliseconds since the epoch. */
export function tracesLink(service, from, to, query) {
  const given = new URLSearchParams({ service, start: Math.floor(from / 1000), end: Math.ceil(to / 1000) });
  if (query) given.set('q', query);
  return `/?${given}`;
}
