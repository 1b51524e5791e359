// Answers upgrade requests that no channel accepts, and keeps a second one from answering.

/** A socket's property: the channel's Socket, or null if the request was answered without one. It is the same in every copy of this package. */
export const OWNER = Symbol.for('websocket-channel.owner');

/** Answers a request and ends its socket. Destroys it if the peer does not end it within `ms`. Returns false if it was answered or accepted before. */
export function answer(socket, bytes, ms) {
  if (!claim(socket)) return false;
  socket.on('error', () => socket.destroy()).end(Buffer.from(bytes));
  destroyAfter(socket, ms);
  return true;
}

/** The same on a stream of HTTP/2; throws if Node refuses a field. */
export function answerOnStream(stream, fields, body, ms) {
  if (stream[OWNER] !== undefined) return false;
  if (isClosed(stream)) return true;
  stream.respond(fields);
  claim(stream);
  stream.on('error', () => stream.destroy());
  if (!stream.writableEnded) stream.end(body); // a response without a body, such as one to HEAD, has ended the stream
  destroyAfter(stream, ms);
  return true;
}

/** Destroys a socket without an answer. Returns false if it was answered or accepted before. */
export function dropUnanswered(socket) {
  if (!claim(socket)) return false;
  socket.on('error', () => {}).destroy();
  return true;
}

/** Marks a socket as answered: it has no owner, and never gets one. Returns false if it has an owner, or was answered. */
function claim(socket) {
  if (socket[OWNER] !== undefined) return false;
  socket[OWNER] = null;
  return true;
}

export const isClosed = (socket) => socket.destroyed || socket.closed === true;

/** Destroys the socket if its peer does not end the connection within `ms`. */
export function destroyAfter(socket, ms, destroy = () => socket.destroy()) {
  const { clearTimeout } = globalThis; // of the same clock, whatever a test puts in its place meanwhile
  const timer = setTimeout(() => destroy(socket), ms);
  timer.unref?.(); // where a page's setTimeout is in its place, it is a number
  socket.once('close', () => clearTimeout(timer));
}
