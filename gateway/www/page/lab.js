// The laboratory: what is on, said loudly, and how it is switched. Exercises and switches share this one state.

import { byId, make } from './dom.js';
import { SERVICES, readFaults } from './faults.js';
import { wireExercises } from './exercise.js';
import { wireSwitches } from './switches.js';

/** Somebody else may switch, too: by curl, or in another tab. */
const ASK_EVERY_MS = 5000;

/** Shows the laboratory and keeps it current; `showing` gives what shows traces now. */
export async function openLab(settings, showing) {
  byId('lab').hidden = false;
  const state = { faults: new Map(), failures: new Map(), unswitched: '' };
  const exercise = wireExercises(byId('exercises'), { settings, showing, changed: () => refresh() });
  const switches = wireSwitches(byId('switches'), () => refresh());
  const endAll = async () => {
    state.unswitched = '';
    await exercise.end().catch((error) => (state.unswitched = ` Not all could be switched off: ${error.message.replace(/\.$/, '')}.`));
    await refresh();
    byId('lab-title').scrollIntoView({ block: 'nearest' });
  };
  let turn = 0;
  const refresh = async () => {
    turn += 1;
    const mine = turn;
    const read = await Promise.allSettled(SERVICES.map(({ name }) => readFaults(name)));
    // An answer that was overtaken says what was.
    if (mine !== turn) return;
    state.failures.clear();
    SERVICES.forEach(({ name }, at) => {
      if (read[at].status === 'fulfilled') state.faults.set(name, read[at].value);
      else state.failures.set(name, read[at].reason.message);
    });
    const isAnyOn = [...state.faults.values()].some((faults) => Object.keys(faults).length > 0);
    if (!isAnyOn) state.unswitched = '';
    switches.show(state, exercise.isRunning());
    showBanner(state, exercise.isRunning(), endAll);
  };
  await refresh();
  setInterval(() => document.visibilityState === 'visible' && refresh(), ASK_EVERY_MS);
}

function showBanner({ faults: known, unswitched }, isExercise, endAll) {
  const on = [...known].filter(([, faults]) => Object.keys(faults).length > 0);
  const texts = on.map(([name, faults]) => `${name}: ${Object.entries(faults).map(([fault, value]) => `${fault}=${value}`).join(', ')}`);
  const told = isExercise ? 'An exercise is running: something is broken on purpose.' : `Faults are on, on purpose. ${texts.join('; ')}.`;
  const said = `${told}${unswitched}`;
  const banner = byId('faults-on');
  const isOn = on.length > 0;
  // Only what changed is said again by a screen reader.
  if (banner.dataset.said === said && banner.hidden === !isOn) return;
  banner.dataset.said = said;
  banner.hidden = !isOn;
  banner.replaceChildren(...(isOn ? [make('span', {}, said), make('button', { type: 'button', id: 'all-off', click: endAll }, 'Switch everything off')] : []));
}
