// The channel's attributes, as they are now.

import { ChannelError } from 'websocket-channel';
import { exactSize, statusText } from './writing.js';

/** Name, value, and whether it needs the whole width: always, or on a phone. */
const ATTRIBUTES = [
  ['URI', (channel) => channel.URI, 'wide'],
  ['originalURI', (channel) => channel.originalURI, 'wide'],
  ['status', (channel) => statusText(channel.status), 'long'],
  ['extensions', (channel) => quoted(channel.extensions), 'long'],
  ['state', (channel) => channel.state],
  ['protocol', (channel) => quoted(channel.protocol)],
  ['bufferedAmount', (channel) => exactSize(channel.bufferedAmount)],
  ['serial', (channel) => String(channel.serial)],
  ['loadGroup.activeCount', (channel) => String(channel.loadGroup.activeCount)],
];

/** Writes them into `list`, a dl, and the state into `pill`; touches only what changed. */
export function showAttributes(channel, { list, pill }) {
  if (list.childElementCount === 0) list.append(...ATTRIBUTES.map(row));
  for (const [name, read] of ATTRIBUTES) {
    const { text, refused } = valueOf(channel, read);
    const cell = list.querySelector(`[data-attribute="${name}"]`);
    if (cell.textContent !== text) cell.textContent = text;
    cell.classList.toggle('none', refused);
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

/** Reading the URI before asyncOpen is refused: the refusal's name stands for the value. */
function valueOf(channel, read) {
  try {
    return { text: read(channel), refused: false };
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    return { text: error.name, refused: true };
  }
}

const quoted = (text) => `"${text}"`;
