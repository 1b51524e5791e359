import { CLOSE, frame, PING, PONG } from '../peers/frame.js';
import { startRaw } from './raw_server.js';

/**
 * Opens a channel to a raw TCP peer inside this process, and calls `use(talk, connection)`. The peer echoes a close frame, and answers pings if
 * `pongs` is true. `given` is passed to Talk. Afterwards, the channel is closed if it has not stopped, and its status must be `ends`.
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

/** The frames with this opcode that the peer has received, once there are `count` of them. */
export function untilFrames(connection, opcode, count = 1) {
  return connection.until(({ frames }) => {
    const found = frames.filter((one) => one.opcode === opcode);
    return found.length >= count && found;
  }, `${count} frames with opcode ${opcode}`);
}
