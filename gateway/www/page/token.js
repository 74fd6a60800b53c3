// The token that the services may want (`API_TOKEN`). It is kept in this page's memory alone, so it is gone with the page: nothing is
// written where another page or a later visitor could read it.

import { byId } from './dom.js';

let token = '';

/** What a request carries, once there is a token. */
export const authorization = () => (token ? { Authorization: `Bearer ${token}` } : {});

/** Shows the field, after a 401. */
export function askForToken() {
  byId('token-told').textContent = token ? 'The token was refused. Enter another, then send again.' : 'The services want their token (API_TOKEN). Enter it, then send again.';
  byId('token-form').hidden = false;
  byId('token').focus();
}

/** Takes the token that is entered. */
export function wireToken() {
  byId('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    token = byId('token').value.trim();
    byId('token').value = '';
    byId('token-told').textContent = token ? 'Kept until this page is closed. Send again.' : 'No token is kept.';
  });
}
