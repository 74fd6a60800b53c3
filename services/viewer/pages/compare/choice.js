// On the page of all traces: two of them are chosen and compared.

import { el, say } from '../dom.js';
import { time } from '../format.js';

export class Choice {
  #boxes = new Map();
  #chosen = [];
  #button = el('button', { type: 'button', disabled: true, onclick: () => this.#compare() }, 'Compare');
  #said = el('span', { role: 'status' });
  element = el('div', { class: 'choice', hidden: true }, this.#button, this.#said);

  /** The box of a trace, always the same one. */
  box({ id, name, start }) {
    const known = this.#boxes.get(id) ?? el('input', { type: 'checkbox', onchange: (event) => this.#choose(id, event.target.checked) });
    known.setAttribute('aria-label', `Compare ${name || '(no name)'} of ${time(start)}`);
    this.#boxes.set(id, known);
    return known;
  }

  /** What is no longer listed is no longer chosen. */
  keep(ids) {
    const listed = new Set(ids);
    for (const id of this.#boxes.keys()) if (!listed.has(id)) this.#boxes.delete(id);
    this.#chosen = this.#chosen.filter((id) => listed.has(id));
    this.element.hidden = listed.size < 2;
    this.#tell();
  }

  #choose(id, isChosen) {
    this.#chosen = this.#chosen.filter((other) => other !== id);
    if (isChosen) this.#chosen.push(id);
    this.#tell();
  }

  #tell() {
    const missing = 2 - this.#chosen.length;
    this.#button.disabled = missing !== 0;
    const texts = ['', 'One more to compare it with.', 'Choose two traces by the boxes at the end of their rows.'];
    say(this.#said, missing < 0 ? `${this.#chosen.length} are chosen; two can be compared.` : texts[missing]);
  }

  #compare() {
    const [left, right] = this.#chosen;
    location.assign(`/compare?${new URLSearchParams({ left, right })}`);
  }
}
