// A package of websocket-channel, as a client.

/** Returns a function that opens a channel of the package installed in `folder`. The package is imported like those of the other clients. */
export const openerOf = async (folder) => {
  const { WebSocketChannel } = await import(new URL('node_modules/websocket-channel/node.mjs', folder));
  return (...args) => openChannel(WebSocketChannel, ...args);
};

function openChannel(WebSocketChannel, url, { text, stamped, ca, opened, received }) {
  const channel = new WebSocketChannel(ca ? { tls: { ca } } : {});
  const listener = { onStart: opened, onStop: (_, status, { message }) => { throw new Error(`${status}: ${message}`); } };
  if (text) listener.onMessageAvailable = (_, message) => received(message.length);
  else if (stamped) listener.onBinaryMessageAvailable = (_, message) => received(message);
  else listener.onBinaryMessageAvailable = (_, message) => received(message.length);
  channel.asyncOpen(url, null, listener, null);
  return {
    send: text ? (message) => channel.sendMsg(message) : (message) => channel.sendBinaryMsg(message),
    buffered: () => channel.bufferedAmount,
  };
}
