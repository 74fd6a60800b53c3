// A switch for each fault of each service.

import { make } from './dom.js';
import { SERVICES, readFaults, writeFaults } from './faults.js';

/** What a switch sets; other values can be set by `PUT /faults`, and are shown here then. */
const FAULTS = [
  { name: 'latency', value: '500ms:1', what: 'waits before it works' },
  { name: 'error', value: '503:0.5', what: 'answers 503 to every other request' },
  { name: 'drop_context', value: 1, what: 'calls without trace context', notAt: 'audit-service' },
  { name: 'db_latency', value: '200ms:1', what: 'waits for its database', database: true },
  { name: 'pool', value: 1, what: 'has one connection (with SQLite it always has)', database: true },
  { name: 'drop_spans', value: 0.5, what: 'loses every other span' },
  { name: 'down', value: 1, what: 'is dead: no request gets an answer' },
];

/** Makes the switches in `place`; `changed` is called after each change. */
export function wireSwitches(place, changed) {
  const inputs = new Map();
  const failure = make('p', { class: 'notice bad', role: 'alert', hidden: true });
  const groups = SERVICES.map((service) => {
    const faults = FAULTS.filter((fault) => (service.hasDatabase || !fault.database) && fault.notAt !== service.name);
    const rows = faults.map((fault) => {
      const shown = make('code', {}, '');
      const input = make('input', { type: 'checkbox', role: 'switch', change: () => flip(service.name, fault, input) });
      inputs.set(`${service.name} ${fault.name}`, { input, shown, fault });
      return make('label', { class: 'switch' }, input, make('span', {}, make('strong', {}, fault.name), ' ', shown, make('span', { class: 'faint' }, fault.what)));
    });
    return make('fieldset', { 'data-service': service.name }, make('legend', {}, service.name), rows, make('p', { class: 'notice warn', hidden: true }));
  });

  async function flip(name, fault, input) {
    failure.hidden = true;
    try {
      // What else is on stays on; whoever switched it.
      const { [fault.name]: _, ...others } = await readFaults(name);
      await writeFaults(name, input.checked ? { ...others, [fault.name]: fault.value } : others);
    } catch (error) {
      failure.textContent = `Not switched: ${error.message}`;
      failure.hidden = false;
    }
    await changed();
  }

  const cover = make('p', { class: 'faint', hidden: true }, 'While an exercise runs the switches keep its secret.');
  const grid = make('div', { class: 'services' }, groups);
  place.replaceChildren(cover, grid, failure);
  return {
    /** Shows what is on. While an exercise runs they would tell its answer. */
    show({ faults, failures }, isExercise) {
      cover.hidden = !isExercise;
      grid.hidden = isExercise;
      for (const [key, { input, shown, fault }] of inputs) {
        const [service] = key.split(' ');
        const value = faults.get(service)?.[fault.name];
        input.checked = value !== undefined;
        input.disabled = failures.has(service);
        shown.textContent = String(value ?? fault.value);
      }
      for (const group of groups) {
        const told = group.querySelector('.notice');
        told.textContent = failures.get(group.dataset.service) ?? '';
        told.hidden = !failures.has(group.dataset.service);
      }
    },
  };
}
