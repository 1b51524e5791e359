import { WebSocketServer } from 'ws';

/**
 * A server that echoes, and that acts like a broken network or a broken server at a time the client chooses. The query contains `fault` (one of those
 * below), `at` (milliseconds after the request), and `deflate` for permessage-deflate. `ws` speaks the protocol; the fault acts on its socket.
 */
export function attachFaulty(server) {
  const plain = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 64 << 20 });
  const deflating = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0 }, maxPayload: 64 << 20 });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    const { searchParams: query } = new URL(request.url, 'ws://peer');
    const [fault, at] = [query.get('fault') ?? 'none', Number(query.get('at') ?? 0)];
    const handshake = HANDSHAKE[fault];
    if (handshake) return later(at, () => handshake(socket, () => accept(request, socket, head)));
    return accept(request, socket, head, (ws) => FAULTS[fault] && later(at, () => socket.destroyed || FAULTS[fault](ws, socket)));
  });

  function accept(request, socket, head, opened = () => {}) {
    const wss = request.url.includes('deflate') ? deflating : plain;
    wss.handleUpgrade(request, socket, head, (ws) => {
      ws.on('error', () => {});
      ws.on('message', (data, binary) => ws.send(data, { binary }));
      opened(ws);
    });
  }
}

const later = (ms, act) => setTimeout(act, ms).unref();

/** Faults instead of the handshake response, or before it. */
const HANDSHAKE = {
  'kill before 101': (socket) => socket.destroy(),
  'reset before 101': (socket) => reset(socket),
  'half of the 101': (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgra'),
  'a wrong 101': (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n'),
  'no HTTP': (socket) => socket.end('\0\x01\x02 this is no HTTP\r\n\r\n'),
  refused: (socket) => socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy'),
  silence: () => {},
  'a late 101': (socket, accept) => accept(),
};

/** Faults on an open connection. */
const FAULTS = {
  kill: (ws) => ws.terminate(),
  reset: (ws, socket) => reset(socket),
  'half close': (ws, socket) => socket.end(),
  pause(ws, socket) {
    socket.pause();
    later(400, () => socket.resume());
  },
  'pause for ever': (ws, socket) => socket.pause(),
  /** A frame whose header says 200 bytes, but that has only 20. */
  truncate: (ws, socket) => socket.end(Buffer.concat([Buffer.from([0x82, 0x7e, 0, 200]), Buffer.alloc(20)])),
  /** RSV2 is set, so no client may accept the frame. */
  corrupt: (ws, socket) => socket.write(Buffer.from([0xa1, 0x05, 0xff, 0xfe, 0xfd, 0xfc, 0xfb])),
  'not UTF-8': (ws, socket) => socket.write(Buffer.from([0x81, 0x02, 0xc3, 0x28])),
  flood(ws) {
    for (let at = 0; at < 500; at++) {
      ws.ping('flood');
      ws.send('flood');
      ws.pong('flood');
    }
  },
  close: (ws) => ws.close(4000, 'the peer has had enough'),
};

function reset(socket) {
  if (socket.encrypted) socket.destroy(); // Node cannot reset the socket below TLS
  else socket.resetAndDestroy();
}
