// The addresses that were connected to, for the next time. A browser that keeps nothing for the page loses nothing else.

import { withoutPassword } from './writing.js';

const KEY = 'websocket-channel addresses';
const MAX = 10;

export function savedAddresses() {
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(saved) ? saved.filter((address) => typeof address === 'string').slice(0, MAX) : [];
  } catch {
    return [];
  }
}

/** Saves an address that opened, without its user name and password. */
export function saveAddress(address) {
  const bare = withoutPassword(address);
  try {
    localStorage.setItem(KEY, JSON.stringify([bare, ...savedAddresses().filter((it) => it !== bare)].slice(0, MAX)));
  } catch { /* the browser keeps nothing for this page */ }
}

/** Offers them at the field. */
export function suggestAddresses(datalist) {
  datalist.replaceChildren(...savedAddresses().map((address) => new Option(address)));
}
