// Elements from data. Invariant: whatever comes from an answer becomes a text node or an attribute, never markup.

/** The element with this id, which the page has. */
export const byId = (id) => document.getElementById(id);

/**
 * An element. `attributes` are set as they are named; a value of `false`, `null` or `undefined` leaves one out, `true` sets it empty,
 * and a function becomes a listener. `children` are elements or texts.
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(key, value);
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** A duration in milliseconds as people read it. */
export function shownDuration(milliseconds) {
  if (!Number.isFinite(milliseconds)) return '?';
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds < 10 ? 2 : 1)} ms`;
}
