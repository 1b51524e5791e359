// A channel as the command line describes it.

import { WebSocketChannel } from 'websocket-channel';

/** A channel that is ready for asyncOpen. */
export function newChannel(options) {
  const channel = new WebSocketChannel(options.channel);
  channel.protocol = (options.subprotocol ?? []).join(',');
  if (options.ping) channel.pingInterval = options.ping;
  channel.notificationCallbacks = { onAuthRequired: ({ attempt }) => (options.user && attempt === 1 ? credentials(options.user) : null) };
  return channel;
}

function credentials(user) {
  const at = user.indexOf(':');
  return at < 0 ? { username: user, password: '' } : { username: user.slice(0, at), password: user.slice(at + 1) };
}
