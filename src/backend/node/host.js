// What Node can honour beyond what both hosts share.

import { invalid, notImplemented } from '../../bindings/error.js';

function object(name) {
  return (value) => {
    if (value === null || typeof value !== 'object') throw invalid(`The option ${name} takes an object.`);
  };
}

/** What is not there yet may be switched off. */
function only(name, off) {
  return (value) => {
    if (value !== off) throw notImplemented(`The option ${name} is not implemented yet: leave it out, or pass ${off}.`);
  };
}

export const host = {
  name: 'Node',
  options: {
    headers: object('headers'),
    tls: object('tls'),
    socket: object('socket'),
    deflate: only('deflate', false),
    redirects: only('redirects', 0),
    proxy: only('proxy', null),
  },
  checkUri({ username, password }) {
    if (username === '' && password === '') return;
    throw notImplemented('The URI has a user name or password, which are not sent yet: use the option headers, with Authorization.');
  },
  checkOrigin() {}, // what a header may hold, the engine knows
};
