// The items of an order: rows that come and go, each with the JSON pointer of its place.

import { make } from './dom.js';

/** As many as the gateway takes. */
const MOST = 50;

/** Makes the rows in `place`, beginning with one; gives a function that reads them. */
export function wireItems(place, addButton) {
  const row = (sku, quantity) => {
    const field = (name, label, value, mode) => {
      const id = `item-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
      return make('div', { class: `field ${name}` }, make('label', { for: id }, label), make('input', { id, type: 'text', value, inputmode: mode, 'data-name': name, 'data-pointer': '', autocomplete: 'off' }));
    };
    const remove = make('button', { type: 'button', class: 'quiet', click: () => take(element) }, 'Remove');
    const element = make('div', { class: 'row item' }, field('sku', 'Product', sku, 'text'), field('quantity', 'Quantity', quantity, 'numeric'), remove);
    return element;
  };
  const number = () => {
    [...place.children].forEach((element, at) => {
      for (const input of element.querySelectorAll('input')) input.dataset.pointer = `/items/${at}/${input.dataset.name}`;
      element.querySelector('button').setAttribute('aria-label', `Remove item ${at + 1}`);
    });
    addButton.disabled = place.children.length >= MOST;
  };
  const take = (element) => {
    const next = element.nextElementSibling ?? element.previousElementSibling;
    element.remove();
    number();
    (next?.querySelector('input') ?? addButton).focus();
  };
  const add = (sku, quantity) => {
    const element = row(sku, quantity);
    place.append(element);
    number();
    return element;
  };
  addButton.addEventListener('click', () => add('mouse', '1').querySelector('input').focus());
  add('keyboard', '1');
  return () => [...place.children].map((element) => ({ sku: element.querySelector('[data-name=sku]').value, quantity: numberOrText(element.querySelector('[data-name=quantity]').value) }));
}

/** A number where the text is one. Anything else goes as it is: what is accepted is for the service to say. */
export function numberOrText(text) {
  return /^-?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : text;
}
