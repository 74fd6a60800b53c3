// The button that stops and goes on with a live list.

import { el } from './dom.js';

/** `onResume` is called when the list is to go on. */
export function pauseButton(onResume) {
  const element = el('button', { type: 'button', class: 'pause', 'aria-pressed': 'false', onclick: toggle }, 'Pause');
  function toggle() {
    const isPaused = element.getAttribute('aria-pressed') === 'false';
    element.setAttribute('aria-pressed', String(isPaused));
    if (!isPaused) onResume();
  }
  return { element, isPaused: () => element.getAttribute('aria-pressed') === 'true' };
}
