// Saves the addresses that the page connected to, for the next visit. If the browser stores nothing for the page, everything else still works.

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
  } catch { /* the browser stores nothing for this page */ }
}

/** Suggests the saved addresses at the field. */
export function suggestAddresses(datalist) {
  datalist.replaceChildren(...savedAddresses().map((address) => new Option(address)));
}
