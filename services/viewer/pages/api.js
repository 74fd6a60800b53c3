// Questions to the viewer.

/** An answer that is none: its status, and the reason that the viewer gives. */
export class Refused extends Error {
  constructor(status, reason) {
    super(reason.trim() || `the viewer answered ${status}`);
    this.status = status;
  }
}

export async function getJson(path, parameters = {}) {
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined && value !== '');
  const query = new URLSearchParams(given).toString();
  const answer = await fetch(query ? `${path}?${query}` : path, { headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Refused(answer.status, await answer.text());
  return answer.json();
}

export const findTraces = (parameters) => getJson('/api/search', { spss: 0, ...parameters });

export const getTrace = (id) => getJson(`/api/traces/${encodeURIComponent(id)}`);

export const findLogs = (parameters) => getJson('/api/logs', parameters);

export async function tagValues(tag) {
  const { tagValues: values } = await getJson(`/api/search/tag/${encodeURIComponent(tag)}/values`);
  return values;
}

/** However long the work took, it is done again after this. */
const LONGEST_REST_MS = 10_000;

/**
 * Runs `work` when asked, once at a time, and never so often that asking is all the viewer does: after each run is a rest of four times
 * what it took, and whatever was asked meanwhile is done once then, if it `isWanted` still. `now` is for what the reader does: no rest.
 */
export function coalesced(work, isWanted = () => true) {
  let isRunning = false;
  let isAsked = false;
  let isUrgent = false;
  let rest;

  async function run() {
    clearTimeout(rest);
    isRunning = true;
    isAsked = false;
    isUrgent = false;
    const began = performance.now();
    try {
      await work();
    } finally {
      isRunning = false;
      rest = setTimeout(rested, isUrgent ? 0 : Math.min(4 * (performance.now() - began), LONGEST_REST_MS));
    }
  }

  function rested() {
    rest = undefined;
    if (isUrgent || (isAsked && isWanted())) run();
  }

  function ask() {
    if (isRunning || rest) isAsked = true;
    else run();
  }

  ask.now = () => {
    if (isRunning) isUrgent = true;
    else run();
  };
  return ask;
}
