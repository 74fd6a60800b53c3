// The faults of each service, by way of the gateway: only it can be reached from a page.

import { authorization } from './token.js';

/** The services, and whether each has a database that can be slow or short of connections. */
export const SERVICES = [
  { name: 'gateway', path: '/faults', hasDatabase: false },
  { name: 'user-service', path: '/lab/user-service/faults', hasDatabase: true },
  { name: 'order-service', path: '/lab/order-service/faults', hasDatabase: true },
  { name: 'audit-service', path: '/lab/audit-service/faults', hasDatabase: true },
];

const pathOf = (name) => SERVICES.find((service) => service.name === name).path;

/** What is on in a service: an object, empty when nothing is. Rejects when it does not say. */
export async function readFaults(name) {
  return answered(name, await fetch(pathOf(name), { headers: authorization() }));
}

/** Puts `faults` in the place of what is on, and gives what is on then. */
export async function writeFaults(name, faults) {
  const body = JSON.stringify({ faults });
  return answered(name, await fetch(pathOf(name), { method: 'PUT', headers: { 'Content-Type': 'application/json', ...authorization() }, body }));
}

/** Switches everything off, everywhere; rejects with the first that could not be. */
export async function allOff() {
  const done = await Promise.allSettled(SERVICES.map(({ name }) => writeFaults(name, {})));
  const failed = done.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

async function answered(name, answer) {
  const json = await answer.json().catch(() => null);
  if (answer.ok && json?.faults) return json.faults;
  const why = answer.status === 404 ? 'has no laboratory (LAB is not true there)' : `answered ${answer.status}: ${json?.detail ?? 'no reason given'}`;
  throw new Error(`${name} ${why}`);
}
