// What the web's own classes need from Node.

import { BECOME_WEB, TAKEN, WebSocketChannel } from 'build:channel';

export { whenAborted } from '../transport/node/abort.js';
export { isBlob, isBufferSource, isShared, read, sizeOf, toBufferSource } from './buffer_source.js';

/** What the options may contain besides the channel's own: the attributes that are set before a channel opens. */
const ATTRIBUTES = ['notificationCallbacks', 'loadGroup', 'pingInterval', 'pingTimeout'];

/** A channel with these options, and the origin to open it with. Fetch's redirect mode is "error": no redirect is followed, unless the options say so. */
export function channelOf(given) {
  const options = Object.assign(Object.create(null), given); // only own members: a prototype may have been polluted
  options.redirects ??= 0;
  const { origin } = options;
  const attributes = ATTRIBUTES.filter((name) => (options[name] ?? null) !== null).map((name) => [name, options[name]]);
  for (const name of ['origin', ...ATTRIBUTES]) delete options[name];
  const channel = new WebSocketChannel(options);
  for (const [name, value] of attributes) channel[name] = value;
  channel[BECOME_WEB]();
  return { channel, origin };
}

/** The payload bytes that the channel has accepted. */
export const acceptedBy = (channel) => channel[TAKEN] + channel.bufferedAmount;

/** There is no base for relative URLs. */
export const base = () => undefined;
