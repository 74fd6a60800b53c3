// What is wrong with a field stands beside it: the JSON pointers of a problem document lead there.

import { make } from './dom.js';

let count = 0;

const fields = (form) => [...form.querySelectorAll('input[data-pointer]')];

/** Takes away what an earlier answer said. */
export function clearErrors(form) {
  for (const message of form.querySelectorAll('.field .errors')) message.remove();
  for (const place of form.querySelectorAll('.errors')) {
    place.hidden = true;
    place.replaceChildren();
  }
  for (const field of fields(form)) {
    field.removeAttribute('aria-invalid');
    field.removeAttribute('aria-describedby');
  }
}

/**
 * Shows what `problem` says of fields, each beside its own and the rest above them, and puts the focus on the first. Whether there
 * was any.
 */
export function showErrors(form, problem) {
  const errors = Array.isArray(problem?.errors) ? [...problem.errors] : [];
  const byCode = fields(form).find((field) => field.dataset.codes?.split(' ').includes(problem?.code));
  if (errors.length === 0 && byCode) errors.push({ pointer: byCode.dataset.pointer, detail: problem.detail });
  for (const { pointer, detail } of errors) place(form, String(pointer), String(detail));
  fields(form).find((field) => field.getAttribute('aria-invalid') === 'true')?.focus();
  return errors.length > 0;
}

function place(form, pointer, detail) {
  const field = fields(form).find((candidate) => candidate.dataset.pointer === pointer);
  if (field) return beside(field, detail);
  const group = [...form.querySelectorAll('p.errors[data-pointer]')].find((candidate) => pointer === candidate.dataset.pointer);
  const target = group ?? form.querySelector('.errors:not([data-pointer])');
  const shown = group || pointer === '' ? detail : `${pointer} ${detail}`;
  target.append(...(target.childNodes.length ? [make('br')] : []), shown);
  target.hidden = false;
}

function beside(field, detail) {
  let message = field.closest('.field').querySelector('.errors');
  if (!message) {
    count += 1;
    message = make('p', { class: 'errors', id: `error-${count}` });
    field.closest('.field').append(message);
    field.setAttribute('aria-invalid', 'true');
    field.setAttribute('aria-describedby', message.id);
  }
  message.append(...(message.childNodes.length ? [make('br')] : []), detail);
}
