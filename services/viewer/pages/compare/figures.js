// A difference in few characters: by arrow and sign, not by colour alone.

import { count, duration } from '../format.js';

export function difference({ delta, ratio, left }) {
  if (delta === undefined) return left ? 'only left' : 'only right';
  if (delta === 0) return 'the same';
  return `${delta > 0 ? '▲ +' : '▼ −'}${duration(Math.abs(delta))}${ratio === undefined ? '' : ` (${share(ratio)})`}`;
}

/** `+12 %`; what is many times as long says so. */
function share(ratio) {
  if (ratio >= 9.5) return `${count(Math.round(ratio + 1))} ×`;
  const percent = Math.round(Math.abs(ratio) * 100);
  return `${ratio > 0 ? '+' : '−'}${percent} %`;
}

/** The class of a difference. */
export function tendency({ delta, left }) {
  if (delta === undefined) return left ? 'only-left' : 'only-right';
  return delta > 0 ? 'slower' : delta < 0 ? 'faster' : 'same';
}
