// The five exercises: what may be broken, what is asked, and what tells it. The page draws one of `variants`. What is told at the end may
// have a sequel, `late`: something that comes once the fault is off.

const HOPS = { gateway: 'gateway → user-service', 'user-service': 'user-service → order-service', 'order-service': 'order-service → audit-service' };
const WITH_DATABASE = ['user-service', 'order-service', 'audit-service'];
const EVERYONE = ['gateway', ...WITH_DATABASE];

/** A fault of one of `services`; the service is the answer. */
const oneOf = (services, faults) => services.map((service) => ({ service, faults, answer: service }));
const named = (services) => services.map((service) => [service, service]);

export const EXERCISES = [
  {
    id: 'context',
    title: 'The broken context',
    task: 'All services did their work, but the trace ends early: somebody did not pass the trace context on.',
    question: 'At which hop was the context lost?',
    choices: Object.entries(HOPS),
    variants: oneOf(Object.keys(HOPS), { drop_context: 1 }),
    requests: 1,
    hint: 'The last service that is still in the trace is the one that called without context.',
    solution: (answer) => `${HOPS[answer]}: the caller sent no traceparent, so the next service began a trace of its own.`,
  },
  {
    id: 'database',
    title: 'The slow database',
    task: 'The request takes much longer than it should.',
    question: 'Whose database is slow?',
    choices: named(WITH_DATABASE),
    variants: oneOf(WITH_DATABASE, { db_latency: '300ms:1' }),
    requests: 1,
    hint: 'A span holds the time of all spans below it. Look for long spans with nothing below them.',
    solution: (answer) => `${answer}: each statement on its database took 300 ms longer.`,
  },
  {
    id: 'audit',
    title: 'The missing record',
    task: 'The answer is 202: the order is placed, but audit-service has not confirmed its record. The record waits in order-service, to be delivered later.',
    question: 'What is wrong with audit-service?',
    choices: [
      ['error', 'It answers with an error'],
      ['latency', 'It takes too long before it gets to its database'],
      ['down', 'It is dead: nobody answers'],
      ['db_latency', 'Its database takes too long'],
    ],
    variants: [{ service: 'audit-service', faults: { down: 1 }, answer: 'down' }],
    requests: 1,
    hint: 'Find the last CLIENT span of order-service, the call to audit-service: how did it end, and is there a SERVER span below it?',
    solution: () => 'It was killed: the connection was closed without an answer, so the call of order-service ended in an error with nothing below it.',
    /** What the page waits for, once audit-service is back. */
    late: {
      path: (traceId) => `/api/v1/audit?trace_id=${traceId}`,
      hasCome: (json) => json?.items?.length > 0,
      waiting: 'Now it is back; waiting for the record …',
      come: (seconds) => `Back again, it got the record ${seconds} s later, within the same trace: look at the trace once more, its INSERT audit_logs is there now.`,
      missing: 'It is back, but the record has not come yet; it will.',
    },
  },
  {
    id: 'pool',
    title: 'The starved pool',
    task: 'Eight requests at once: each alone would be fast, but the last has to wait for all others. In one service they queue for the only connection to its database.',
    question: 'Whose pool is starved?',
    choices: named(WITH_DATABASE),
    variants: oneOf(WITH_DATABASE, { pool: 1, db_latency: '60ms:1' }),
    requests: 8,
    hint: 'Compare the fastest with the slowest trace. The work is the same; find the service in which the slow one waits for its turn.',
    // With SQLite a pool of one is no fault but the rule; there the latency alone makes it starve.
    solution: (answer) =>
      `${answer}: each statement held its only connection for 60 ms longer, and all others stood in a queue for it. ` +
      'With SQLite every service has only one; it starves where statements hold it for long.',
  },
  {
    id: 'spans',
    title: 'The lost spans',
    task: 'The services pass the context on, and work; still there are holes in the traces. One service loses a share of its spans.',
    question: 'Which service loses spans?',
    choices: named(EVERYONE),
    variants: oneOf(EVERYONE, { drop_spans: 0.7 }),
    requests: 6,
    hint: 'A span whose parent is missing is an orphan: the parent was lost in the service that it belonged to. Compare several traces.',
    solution: (answer) => `${answer}: seven of ten of its spans were never exported.`,
  },
];
