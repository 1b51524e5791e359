// Not a client: moves the same bytes over a bare socket, as fast as Node can. Incoming bytes are counted, not parsed.

import net from 'node:net';
import tls from 'node:tls';

const buffer = Buffer.allocUnsafeSlow(65536);

export function open(url, { size, ca, opened, received }) {
  const { protocol, hostname: host, port, pathname, search } = new URL(url);
  const headerSize = size < 126 ? 2 : size < 65536 ? 4 : 10;
  let unread = null;
  const onread = {
    buffer,
    callback(length) {
      if (unread === null) {
        unread = 0;
        opened(); // this is the response to the upgrade
        return true;
      }
      unread += length;
      const count = Math.floor(unread / (headerSize + size));
      unread -= count * (headerSize + size);
      if (count > 0) received(size, count);
      return true;
    },
  };
  const options = { host, port, onread, noDelay: true };
  const socket = protocol === 'wss:' ? tls.connect({ ...options, ca, servername: 'localhost' }) : net.connect(options);
  socket.on('error', (error) => { throw error; });
  socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
    + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
  let prepared;
  return {
    /** Sends all messages of a tick at once. */
    send: (message, count) => socket.write(prepared ??= frames(Buffer.from(message), headerSize, count)),
    buffered: () => socket.writableLength,
  };
}

/** Returns `count` frames with the mask key 0. */
function frames(payload, headerSize, count) {
  const header = Buffer.alloc(headerSize + 4);
  header[0] = 0x82;
  header[1] = 0x80 | (headerSize === 2 ? payload.length : headerSize === 4 ? 126 : 127);
  if (headerSize === 4) header.writeUInt16BE(payload.length, 2);
  if (headerSize === 10) header.writeUIntBE(payload.length, 4, 6);
  return Buffer.concat(Array(count).fill([header, payload]).flat());
}
