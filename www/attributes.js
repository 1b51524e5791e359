// Shows the current values of the channel's attributes.

import { exactSize, statusText, withoutPassword } from './writing.js';

/** Shown instead of the URI before asyncOpen. Reading the URI then throws. */
const NONE = 'none yet';

/** Name, value, and whether it needs the whole width: `wide` always, `long` on a phone. */
const ATTRIBUTES = [
  ['URI', (channel) => (channel.state === 'idle' ? null : withoutPassword(channel.URI)), 'wide'],
  ['originalURI', (channel) => (channel.state === 'idle' ? null : withoutPassword(channel.originalURI)), 'wide'],
  ['status', (channel) => statusText(channel.status), 'long'],
  ['extensions', (channel) => quoted(channel.extensions), 'long'],
  ['state', (channel) => channel.state],
  ['protocol', (channel) => quoted(channel.protocol)],
  ['bufferedAmount', (channel) => exactSize(channel.bufferedAmount)],
  ['serial', (channel) => String(channel.serial)],
  ['loadGroup.activeCount', (channel) => String(channel.loadGroup.activeCount)],
];

/** Writes the attributes into `list`, a dl, and the state into `pill`. Changes only what is different. */
export function showAttributes(channel, { list, pill }) {
  if (list.childElementCount === 0) list.append(...ATTRIBUTES.map(row));
  for (const [name, read] of ATTRIBUTES) {
    const value = read(channel);
    const text = value ?? NONE;
    const cell = list.querySelector(`[data-attribute="${name}"]`);
    if (cell.textContent !== text) cell.textContent = text;
    cell.classList.toggle('none', value === null);
  }
  if (pill.dataset.state === channel.state) return;
  pill.dataset.state = channel.state;
  pill.textContent = channel.state;
}

function row([name, , width = '']) {
  const group = document.createElement('div');
  group.className = width;
  const term = document.createElement('dt');
  term.textContent = name;
  const value = document.createElement('dd');
  value.dataset.attribute = name;
  group.append(term, value);
  return group;
}

const quoted = (text) => `"${text}"`;
