// What the viewer says of its store, as it changes, and whether the viewer is there at all.

import { byId, say } from './dom.js';

const FIRST_WAIT = 500;
const LONGEST_WAIT = 5000;

/** Calls `onStore` with what the store holds whenever it changes, also after the viewer was away. A hidden page lets go of its connection: a browser has only six for a host. */
export function follow(onStore) {
  let source;
  let retry;
  let wait = FIRST_WAIT;

  function open() {
    clearTimeout(retry);
    source?.close();
    if (document.hidden) return;
    source = new EventSource('/api/live');
    source.addEventListener('store', (event) => {
      wait = FIRST_WAIT;
      show('live', 'live');
      onStore(JSON.parse(event.data));
    });
    source.addEventListener('error', lost);
  }

  // The browser's own retry ends at some errors, such as a proxy's 502; this one never does.
  function lost() {
    source.close();
    show('lost', 'viewer lost, trying again');
    retry = setTimeout(open, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  document.addEventListener('visibilitychange', open);
  open();
}

function show(state, text) {
  const place = byId('live');
  place.dataset.state = state;
  say(place, text);
}
