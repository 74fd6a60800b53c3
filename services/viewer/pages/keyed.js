// Rows that stay when others come: one that has not changed is not touched, so neither focus nor a selection is lost to a live update.

import { el } from './dom.js';

export class KeyedRows {
  #rows = new Map();
  #cells;
  body = el('tbody', {});

  /** `cells` makes a row's cells of an item. */
  constructor(cells) {
    this.#cells = cells;
  }

  /** Shows items in this order; `keyOf` names a row, `stateOf` is what would change it. */
  show(items, keyOf, stateOf) {
    const keys = unique(items.map(keyOf));
    const wanted = new Set(keys);
    for (const [key, { row }] of this.#rows) {
      if (wanted.has(key)) continue;
      row.remove();
      this.#rows.delete(key);
    }
    let place = this.body.firstChild;
    items.forEach((item, index) => {
      const row = this.#row(keys[index], item, stateOf(item));
      if (row === place) place = place.nextSibling;
      else this.body.insertBefore(row, place);
    });
  }

  #row(key, item, state) {
    const known = this.#rows.get(key);
    if (known?.state === state) return known.row;
    const row = known?.row ?? el('tr', {});
    row.replaceChildren(...this.#cells(item, row));
    this.#rows.set(key, { row, state });
    return row;
  }
}

/** What comes twice is told apart by how often it came before. */
function unique(keys) {
  const seen = new Map();
  return keys.map((key) => {
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    return before === 0 ? key : `${key}\n${before}`;
  });
}
