// Saves the connections that opened, for the next visit. If the browser stores nothing for the page, everything else still works.

import { withoutPassword } from './writing.js';

const KEY = 'websocket-channel connections';
const MAX = 10;

/** The saved connections, the last one first: { address, protocols, options }. */
function savedConnections() {
  try {
    const saved = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    return Array.isArray(saved) ? saved.filter((it) => typeof it?.address === 'string').slice(0, MAX) : [];
  } catch {
    return [];
  }
}

/** Saves a connection that opened, without its user name and password. It replaces the one with the same address. */
export function saveConnection({ address, protocols, options }) {
  const bare = withoutPassword(address);
  store([{ address: bare, protocols, options }, ...savedConnections().filter((it) => it.address !== bare)]);
}

function store(connections) {
  try {
    localStorage.setItem(KEY, JSON.stringify(connections.slice(0, MAX)));
  } catch { /* the browser stores nothing for this page */ }
}

/**
 * Shows the saved connections: as suggestions in `datalist`, and in `section` with a button that fills the form (`choose`) and one that forgets the
 * connection.
 */
export function showSaved({ datalist, section }, choose) {
  const connections = savedConnections();
  datalist.replaceChildren(...connections.map(({ address }) => new Option(address)));
  section.hidden = connections.length === 0;
  section.querySelector('ul').replaceChildren(...connections.map((connection) => {
    const { address, protocols } = connection;
    const forget = () => {
      store(savedConnections().filter((it) => it.address !== address));
      showSaved({ datalist, section }, choose);
      (section.hidden ? document.getElementById('address') : section.querySelector('summary')).focus();
    };
    const item = document.createElement('li');
    item.append(button(protocols ? `${address} (${protocols})` : address, 'choose', () => choose(connection)), button('Forget', 'quiet', forget, `Forget ${address}`));
    return item;
  }));
}

function button(text, className, press, label) {
  const made = document.createElement('button');
  Object.assign(made, { type: 'button', textContent: text, className });
  if (label) made.setAttribute('aria-label', label);
  made.addEventListener('click', press);
  return made;
}
