// How a class of the web's shape is measured. In a file of its own, so that measuring one imports no other.

/** What a class of the web's shape opens. */
export const openerOf = (WebSocket) => (url, { text, opened, received }) => {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = opened;
  socket.onerror = (event) => { throw event.error ?? new Error('the WebSocket failed'); };
  socket.onmessage = text ? ({ data }) => received(data.length) : ({ data }) => received(data.byteLength);
  return { send: (message) => socket.send(message), buffered: () => socket.bufferedAmount };
};

/** Reads all messages of a WebSocketStream. */
export const streamOpenerOf = (WebSocketStream) => async (url, { text, opened, received }) => {
  const { readable } = await new WebSocketStream(url).opened;
  opened();
  const reader = readable.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new Error('the stream ended');
    received(text ? value.length : value.byteLength);
  }
};
