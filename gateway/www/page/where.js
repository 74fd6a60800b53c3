// Where this page runs, and what shows traces there: the viewer, or Grafana over Tempo.

const ASK_TIMEOUT_MS = 4000;

const base = (port) => `${location.protocol}//${location.hostname}:${port}`;

/** The settings that whoever serves this page gives it, with the addresses that follow from them. */
export async function readSettings() {
  const answer = await fetch('/settings.json');
  if (!answer.ok) throw new Error(`/settings.json answered ${answer.status}`);
  const settings = await answer.json();
  return {
    peer: settings.peer_service,
    lab: settings.lab === true,
    shownBy: settings.shown_by,
    shownUrl: base(settings.shown_on_port),
    otlpUrl: `${base(settings.otlp_port)}/v1/traces`,
  };
}

/** How each of them is known, and where it shows a trace. */
const KINDS = {
  viewer: {
    name: 'the viewer',
    /** Lets the page's origin read, so its answer says who it is. */
    isThere: async (url) => (await (await ask(`${url}/api/echo`)).text()).trim() === 'echo',
    link: (url, traceId) => `${url}/trace/${traceId}`,
    home: (url) => url,
  },
  grafana: {
    name: 'Grafana',
    /** Lets no other origin read: that there is an answer has to do. */
    isThere: async (url) => Boolean(await ask(`${url}/api/health`, 'no-cors')),
    link: exploreLink,
    home: (url) => url,
  },
};

const ask = (url, mode = 'cors') => fetch(url, { mode, signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });

function exploreLink(url, traceId) {
  const query = { refId: 'A', datasource: { type: 'tempo', uid: 'tempo' }, queryType: 'traceql', query: traceId };
  const pane = { datasource: 'tempo', queries: [query], range: { from: 'now-1h', to: 'now' } };
  return `${url}/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify({ trace: pane }))}`;
}

/** Asks in the order of the settings and gives the first that is there: its name, its home, and its link to a trace. Or null. */
export async function findShowing({ shownBy, shownUrl }) {
  for (const kind of shownBy.map((name) => KINDS[name]).filter(Boolean)) {
    if (await kind.isThere(shownUrl).catch(() => false)) {
      return { name: kind.name, home: kind.home(shownUrl), link: (traceId) => kind.link(shownUrl, traceId) };
    }
  }
  return null;
}
