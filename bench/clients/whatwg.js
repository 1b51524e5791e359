// The host's own WebSocket: undici's in Node, Bun's and Deno's. On Node 20 undici is the package.

const { WebSocket = globalThis.WebSocket } = globalThis.WebSocket === undefined ? await import('undici') : {};

export function open(url, { text, opened, received }) {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = opened;
  socket.onerror = (event) => { throw event.error ?? new Error('the WebSocket failed'); };
  socket.onmessage = text ? ({ data }) => received(data.length) : ({ data }) => received(data.byteLength);
  return { send: (message) => socket.send(message), buffered: () => socket.bufferedAmount };
}
