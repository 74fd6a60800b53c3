// The five exercises: what may be broken, what is asked, and what tells it. The page draws one of `variants`.

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
    task: 'The answer is 202: the order is placed, but audit-service has not confirmed its record. It will be delivered later.',
    question: 'What is wrong with audit-service?',
    choices: [
      ['error', 'It answers with an error'],
      ['latency', 'It takes too long before it gets to its database'],
      ['db_latency', 'Its database takes too long'],
    ],
    variants: [
      { service: 'audit-service', faults: { error: '503:1' }, answer: 'error' },
      { service: 'audit-service', faults: { latency: '1500ms:1' }, answer: 'latency' },
      { service: 'audit-service', faults: { db_latency: '1500ms:1' }, answer: 'db_latency' },
    ],
    requests: 1,
    hint: 'Compare the SERVER span of audit-service with what is below it: how long is it, is there an INSERT, what status does it carry?',
    solution: (answer) =>
      ({
        error: 'It answered 503 at once, without asking its database.',
        latency: 'It waited before it did anything, until order-service had no more time for it; its database was never asked.',
        db_latency: 'It asked its database at once, but INSERT audit_logs took longer than order-service waits.',
      })[answer],
  },
  {
    id: 'pool',
    title: 'The starved pool',
    task: 'Eight requests at once: each alone would be fast, but the last has to wait for all others. In one service they queue for a connection to its database.',
    question: 'Whose pool is starved?',
    choices: named(WITH_DATABASE),
    variants: oneOf(WITH_DATABASE, { pool: 1, db_latency: '60ms:1' }),
    requests: 8,
    hint: 'Compare the fastest with the slowest trace. The work is the same; find the service in which the slow one waits for its turn.',
    solution: (answer) => `${answer}: its statements stood in a queue for the one connection.`,
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
