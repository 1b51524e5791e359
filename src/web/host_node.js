// What the web's own classes need from Node.

import events from 'node:events';
import { BECOME_WEB, ChannelError, Status, WebSocketChannel } from 'build:channel';

export { bytesOf, isBlob, isBufferSource, read, sizeOf } from './buffer_source.js';

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

/** There is no base for relative URLs. */
export const base = () => undefined;

/** The ports that Fetch blocks ("bad port"). */
const BAD_PORTS = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123,
  135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995,
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** The error of a URL that Fetch blocks for its port, or null. */
export function blockedPort({ port }) {
  if (port === '' || !BAD_PORTS.has(Number(port))) return null;
  const message = `Port ${port} is blocked, because another protocol uses it. Let the server listen on another one.`;
  return new ChannelError('NS_ERROR_PORT_ACCESS_NOT_ALLOWED', Status.NS_ERROR_PORT_ACCESS_NOT_ALLOWED, message);
}

/**
 * Calls back when the signal is aborted, even if another of its listeners stops the event, because DOM runs abort algorithms first. Returns a
 * function that removes the callback.
 */
export function whenAborted(signal, callback) {
  const listening = events.addAbortListener(signal, callback);
  return () => listening[Symbol.dispose]();
}
