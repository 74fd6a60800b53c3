// The frame of every page, and which page an address means.

import { followTheme } from './chooser.js';
import { byId } from './dom.js';

followTheme(byId('theme'));
markCurrent();
await open(location.pathname, byId('main'));

async function open(path, main) {
  if (path === '/trace' || path.startsWith('/trace/')) {
    const { tracePage } = await import('./trace.js');
    return tracePage(main, decoded(path.slice('/trace/'.length)));
  }
  if (path === '/compare') {
    const { comparePage } = await import('./compare.js');
    return comparePage(main);
  }
  if (path === '/map') {
    const { mapPage } = await import('./map.js');
    return mapPage(main);
  }
  if (path === '/charts') {
    const { chartsPage } = await import('./charts.js');
    return chartsPage(main);
  }
  if (path === '/logs') {
    const { logsPage } = await import('./logs.js');
    return logsPage(main);
  }
  const { tracesPage } = await import('./traces.js');
  return tracesPage(main);
}

/** What cannot be decoded stays as it is: the viewer refuses it with a sentence. */
function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function markCurrent() {
  for (const link of document.querySelectorAll('nav a')) {
    if (link.pathname === location.pathname) link.setAttribute('aria-current', 'page');
  }
}
