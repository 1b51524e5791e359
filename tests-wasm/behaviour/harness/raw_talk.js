import { CLOSE, frame, PING, PONG } from '../peers/frame.js';
import { startRaw } from './raw_server.js';

/**
 * A channel open to a peer of raw TCP inside this process: `use(talk, connection)`. The peer answers a close frame with the same, and pings if
 * `pongs` says so. `given` goes to Talk. Afterwards the channel is closed, if it still is to be, and has stopped with `ends`.
 */
export async function withRaw(t, { extensions, pongs = false, ends = 'NS_OK', ...given }, use) {
  const server = await startRaw();
  try {
    const talk = t.open(`ws://127.0.0.1:${server.port}/`, given);
    const connection = await server.next();
    connection.onFrame = ({ opcode, hex }) => {
      if (opcode === CLOSE) connection.socket.end(frame(CLOSE, Buffer.from(hex, 'hex')));
      if (opcode === PING && pongs) connection.socket.write(frame(PONG, Buffer.from(hex, 'hex')));
    };
    connection.accept(extensions);
    await talk.until('onStart');
    await use(talk, connection);
    if (!talk.stopped) talk.close();
    await t.stops(talk, { node: ends });
  } finally {
    server.stop();
  }
}

/** The peer's frames of this opcode, once there are so many. */
export function untilFrames(connection, opcode, count = 1) {
  return connection.until(({ frames }) => {
    const found = frames.filter((one) => one.opcode === opcode);
    return found.length >= count && found;
  }, `${count} frames with opcode ${opcode}`);
}
