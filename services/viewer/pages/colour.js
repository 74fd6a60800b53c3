// A service's colour follows from its name alone, so it is the same on every page and in every trace.

const COLOURS = 12;
/** One for which the services of this project differ from one another. */
const SEED = 135;

/** The class that gives `--service` its value, for both themes (style.css). */
export const colourClass = (service) => `service-${slot(service)}`;

/** FNV-1a. */
function slot(name) {
  let hash = 2166136261 ^ SEED;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 16777619);
  return ((hash ^ (hash >>> 15)) >>> 0) % COLOURS;
}
