// A channel as the command line describes it.

import { WebSocketChannel } from 'websocket-channel';

/** A channel that is ready for asyncOpen. */
export function newChannel(options) {
  const channel = new WebSocketChannel(options.channel);
  channel.protocol = (options.subprotocol ?? []).join(',');
  setPings(channel, options);
  // Only the server that was named gets the credentials, not one that it redirects to, and no proxy.
  const isAsked = ({ origin, isProxy, attempt }) => !isProxy && attempt === 1 && origin === new URL(channel.originalURI).origin;
  if (options.user) channel.notificationCallbacks = { onAuthRequired: (request) => (isAsked(request) ? credentials(options.user) : null) };
  return channel;
}

/** Sets the channel's keep-alive. */
export function setPings(channel, { ping, 'ping-timeout': timeout }) {
  if (ping) channel.pingInterval = ping;
  if (timeout !== undefined) channel.pingTimeout = timeout;
}

function credentials(user) {
  const at = user.indexOf(':');
  return at < 0 ? { username: user, password: '' } : { username: user.slice(0, at), password: user.slice(at + 1) };
}
