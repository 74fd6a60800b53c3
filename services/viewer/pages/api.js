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

/** Runs `work` when asked, once at a time; asked meanwhile, once more afterwards, and never so often that asking is all the viewer does. */
export function coalesced(work) {
  let running = false;
  let again = false;
  return async function ask() {
    if (running) {
      again = true;
      return;
    }
    running = true;
    const began = performance.now();
    try {
      await work();
    } finally {
      running = false;
      if (again) {
        again = false;
        setTimeout(ask, 4 * (performance.now() - began));
      }
    }
  };
}
