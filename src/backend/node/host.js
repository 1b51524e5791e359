// What Node can honour beyond what both hosts share.

import { invalid, notImplemented } from '../../bindings/error.js';

const isObject = (value) => value !== null && typeof value === 'object';

/** A plain object: of a Map or a Headers nothing would be seen. */
function headers(value) {
  if (isObject(value) && [Object.prototype, null].includes(Object.getPrototypeOf(value))) return;
  throw invalid('The option headers takes a plain object of names and values; of a Map, Object.fromEntries makes one.');
}

/** Handed on to Node, but for what is not the user's to set. */
function handedOn(name, owned) {
  return (value) => {
    if (!isObject(value)) throw invalid(`The option ${name} takes an object.`);
    const wrong = owned.find((key) => key in value);
    if (wrong) throw invalid(`The option ${name} cannot have ${wrong}: that is the URI's and the channel's to say.`);
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
    headers,
    tls: handedOn('tls', ['host', 'port', 'path', 'socket', 'onread']),
    socket: handedOn('socket', ['host', 'port', 'fd', 'onread', 'allowHalfOpen']),
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
