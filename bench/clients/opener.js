// Measures classes with the API of the web's. This is a separate file, so that measuring one class imports no other.

/** Returns a function that opens a connection of a class with the API of the web's WebSocket. */
export const openerOf = (WebSocket) => (url, { text, opened, received }) => {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = opened;
  socket.onerror = (event) => { throw event.error ?? new Error('the WebSocket failed'); };
  socket.onmessage = text ? ({ data }) => received(data.length) : ({ data }) => received(data.byteLength);
  return { send: (message) => socket.send(message), buffered: () => socket.bufferedAmount };
};

/** Returns a function that opens a WebSocketStream and reads all its messages. */
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
