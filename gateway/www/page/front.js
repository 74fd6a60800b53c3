// The front page: three requests, each the root of a trace that this page begins.

import { showAnswer, showExport, showWaiting } from './answer.js';
import { byId, make } from './dom.js';
import { clearErrors, showErrors } from './fields.js';
import { numberOrText, wireItems } from './items.js';
import { openLab } from './lab.js';
import { remember, showRecent } from './recent.js';
import { send } from './request.js';
import { wireTabs } from './tabs.js';
import { askForToken, wireToken } from './token.js';
import { exportSpan } from './trace.js';
import { findShowing, readSettings } from './where.js';

/** What is known of where the page runs. What could not be had is asked for again: it may have been away when the page was loaded. */
let settings;
let showing = null;
let lab;

async function knownSettings() {
  settings ??= await readSettings();
  return settings;
}

async function knownShowing() {
  if (!showing) {
    showing = await findShowing(await knownSettings());
    tellWhere();
  }
  if (settings.lab) lab ??= openLab(settings, () => showing);
  return showing;
}

function tellWhere() {
  byId('wiring').textContent = `Requests go to ${settings.peer}; this page’s spans to ${settings.otlpUrl}; traces are shown by ${showing ? `${showing.name} at ${showing.home}` : 'nobody that answers'}.`;
  if (!showing) return;
  const link = byId('shown-by');
  link.href = showing.home;
  link.textContent = showing.name === 'Grafana' ? 'Grafana' : 'Traces';
  link.hidden = false;
}

const value = (id) => byId(id).value;

/** Sends what `read` gives when `form` is submitted, once at a time. */
function wireForm(form, read) {
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('button.main');
    // Not `disabled`, which would take the focus away.
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    clearErrors(form);
    try {
      await exchange(form, read());
    } catch (error) {
      byId('answer').replaceChildren(make('p', { class: 'notice bad', role: 'alert' }, `Not sent, since this page does not know where it runs: ${error.message}`));
    } finally {
      button.removeAttribute('aria-disabled');
    }
  });
}

async function exchange(form, [method, path, body]) {
  showWaiting({ method, path });
  // The page's own span needs them.
  await knownSettings();
  const [request] = await Promise.all([send(method, path, body), knownShowing()]);
  showAnswer(request, showing);
  remember(request, showing);
  showErrors(form, request.json);
  if (request.status === 401) askForToken();
  showExport(await exportSpan(request, settings));
}

wireTabs(document.querySelector('[role=tablist]'));
wireToken();
const readItems = wireItems(byId('items'), byId('add-item'));
wireForm(byId('process'), () => {
  const items = readItems();
  const body = { user_id: numberOrText(value('user_id')), action: value('action'), ...(items.length ? { items } : {}) };
  return ['POST', '/api/v1/process', body];
});
wireForm(byId('register'), () => ['POST', '/api/v1/register', { first_name: value('first_name'), last_name: value('last_name'), email: value('email') }]);
wireForm(byId('task'), () => ['GET', `/do_task?seconds=${encodeURIComponent(value('seconds').trim())}`]);

try {
  showRecent(await knownShowing());
  await lab;
} catch (error) {
  byId('wiring').replaceChildren(make('span', { class: 'notice bad' }, `This page does not know where it runs: ${error.message}`));
}
document.documentElement.dataset.ready = 'true';
