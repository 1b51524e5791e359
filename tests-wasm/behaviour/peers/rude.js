import { createServer } from 'node:net';
import { constants, deflateRawSync } from 'node:zlib';
import { acceptFor, BINARY, CLOSE, frame, FrameReader, PING, recordFrames, TEXT } from './frame.js';

/**
 * The rude peer sends hand-made bytes over raw TCP. The URL's path chooses what it does (`manners` below), and the query chooses how. The two
 * paths that most cases use are general, so that the bytes are written in the case and not here:
 *
 *   /answer?text=…     sends these characters instead of a valid handshake; {accept} is replaced by the valid accept key
 *   /raw?hex=…         sends a valid handshake, then these bytes
 *
 * Both take then=eof|reset|silence (what follows the bytes), drip=1 (one byte per write), and after=frame (wait for the client's first
 * frame). The peer echoes a client's close frame, unless deaf=1. closes=1 says that the text of /answer contains a close frame.
 * `extensions` is the Sec-WebSocket-Extensions header of the valid handshake, on every path.
 */
export function startRude(records) {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => receive(socket, records));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** Serves one connection: reads the head of the request, then does what its path says. */
function receive(socket, records) {
  const visit = new Visit(socket, records);
  let head = Buffer.alloc(0);
  const onData = (chunk) => {
    head = Buffer.concat([head, chunk]);
    // This is the first byte of a TLS ClientHello. A client that speaks TLS to this peer never gets an answer.
    if (head[0] === 0x16) return;
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    socket.off('data', onData);
    visit.begin(head.subarray(0, end).toString('latin1'));
    const rest = head.subarray(end + 4);
    if (rest.length > 0) visit.onBytes(rest);
    socket.on('data', (more) => visit.onBytes(more));
    const manner = manners[visit.path] ?? manners['/unknown'];
    manner(visit, visit.query);
  };
  socket.on('data', onData);
  socket.on('end', () => visit.ended('fin'));
  socket.on('error', (error) => visit.ended(error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'reset' : 'error'));
}

class Visit {
  constructor(socket, records) {
    this.socket = socket;
    this.records = records;
    this.id = null;
    this.stopped = false;
    this.closeSent = false;
    this.onFrame = () => {};
  }

  begin(head) {
    const [requestLine, ...lines] = head.split('\r\n');
    const [method, target, version] = requestLine.split(' ');
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
    }
    const url = new URL(target, 'ws://rude');
    this.path = url.pathname;
    this.query = url.searchParams;
    this.headers = headers;
    this.id = url.searchParams.get('id');
    this.records.update(this.id, (record) => {
      record.peer = 'rude';
      record.opened = true;
      record.remoteAddress = this.socket.remoteAddress;
      record.request = { method, target, version, headers, lines };
    });
    this.onBytes = recordFrames(this.records, this.id, (...of) => this.onFrame(...of));
  }

  ended(how) {
    this.stopped = true;
    if (this.id) this.records.update(this.id, (record) => { record.ended ??= how; });
    if (how === 'fin') this.socket.end();
  }

  /** Sends the valid handshake response. */
  accept() {
    const extensions = this.query.get('extensions');
    const head = extensions === null ? RIGHT : RIGHT.replace(/\r\n$/, `Sec-WebSocket-Extensions: ${extensions}\r\n\r\n`);
    this.socket.write(this.fill(head));
    this.answerClose();
  }

  /** From now on, echoes a close frame, or ends the connection if the close frame is itself an answer. */
  answerClose() {
    if (this.query.has('deaf')) return;
    this.onFrame = ({ opcode }, payload) => {
      if (opcode === CLOSE && !this.stopped) this.socket.end(this.closeSent ? '' : frame(CLOSE, payload));
    };
  }

  /** Sends frames as the query says, and records whether they include a close frame. */
  sendFrames(bytes) {
    new FrameReader(({ opcode }) => { this.closeSent ||= opcode === CLOSE; }).push(bytes);
    return this.send(bytes);
  }

  fill(text) {
    return text.replaceAll('{accept}', acceptFor(this.headers['sec-websocket-key'] ?? ''));
  }

  /** Sends bytes as the query says, then does what its `then` says. */
  async send(bytes) {
    if (this.query.get('after') === 'frame') {
      await this.records.wait(this.id, 'frames:1', 10_000);
    }
    if (this.query.has('drip')) {
      for (const byte of bytes) {
        if (this.socket.destroyed) return;
        this.socket.write(Buffer.from([byte]));
        await new Promise(setImmediate);
      }
    } else {
      this.socket.write(bytes);
    }
    const then = this.query.get('then');
    if (then === 'eof') this.socket.end();
    if (then === 'reset') this.socket.resetAndDestroy();
  }
}

const manners = {
  '/unknown'(visit) {
    visit.socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
  },
  '/answer'(visit, query) {
    visit.answerClose();
    visit.closeSent = query.has('closes');
    visit.send(Buffer.from(visit.fill(query.get('text')), 'latin1'));
  },
  '/raw'(visit, query) {
    visit.accept();
    visit.sendFrames(Buffer.from(query.get('hex') ?? '', 'hex'));
  },
  '/silence'() {},
  /** A valid head, sent too slowly: one byte every 20 ms. */
  '/slow-head'(visit) {
    const head = Buffer.from(visit.fill(RIGHT));
    let at = 0;
    const timer = setInterval(() => {
      if (visit.stopped || visit.socket.destroyed) return clearInterval(timer);
      visit.socket.write(head.subarray(at, ++at));
    }, 20);
  },
  /** Endless headers. */
  '/endless-head'(visit) {
    visit.socket.write('HTTP/1.1 101 Switching Protocols\r\n');
    pour(visit, Buffer.from(`X-More: ${'x'.repeat(1000)}\r\n`.repeat(60)));
  },
  /** One endless header line. */
  '/endless-line'(visit) {
    visit.socket.write('HTTP/1.1 101 Switching Protocols\r\nX-More: ');
    pour(visit, Buffer.alloc(60_000, 'x'));
  },
  /** An endless body after a status other than 101. */
  '/endless-body'(visit) {
    visit.socket.write('HTTP/1.1 403 Forbidden\r\n\r\n');
    pour(visit, Buffer.alloc(60_000, 'b'));
  },
  /** Opens, and then never reads again. Sends the bytes in hex, if any, after 300 ms. */
  '/deaf'(visit, query) {
    visit.accept();
    visit.socket.pause();
    if (query.has('hex')) setTimeout(() => visit.sendFrames(Buffer.from(query.get('hex'), 'hex')), 300);
  },
  /** Opens, reads, and never answers a close frame. */
  '/stubborn'(visit) {
    visit.accept();
    visit.onFrame = () => {};
  },
  /**
   * Opens and sends endless text, after the bytes in hex, if any. Never answers a close frame. It cuts the connection three seconds after
   * a close frame, because a browser may keep the connection after its page has given it up.
   */
  '/flood'(visit, query) {
    visit.accept();
    visit.onFrame = ({ opcode }) => {
      if (opcode === CLOSE) setTimeout(() => { visit.stopped = true; visit.socket.destroy(); }, 3000).unref();
    };
    visit.socket.write(Buffer.from(query.get('hex') ?? '', 'hex'));
    pour(visit, Buffer.concat(Array.from({ length: 100 }, () => frame(TEXT, 'x'.repeat(600)))));
  },
  /** Sends `count` pings, the last with the payload 'last', and then the text 'done'. With unread=1, it does not read the answers. */
  '/pings'(visit, query) {
    visit.accept();
    if (query.has('unread')) visit.socket.pause();
    const count = Number(query.get('count'));
    const pings = Array.from({ length: count }, (_, at) => frame(PING, at + 1 === count ? 'last' : String(at).padEnd(Number(query.get('size') ?? 0))));
    visit.socket.write(Buffer.concat([...pings, frame(TEXT, 'done')]));
  },
  /**
   * One message that inflates to `mib` MiB of zeros, or of the letter a with text=1, in fragments of one MiB each. After a full flush, a block
   * does not depend on earlier ones, so one block is compressed once and sent repeatedly.
   */
  '/bomb'(visit, query) {
    visit.accept();
    const text = query.has('text');
    const block = deflateRawSync(Buffer.alloc(2 ** 20, text ? 'a' : 0), { finishFlush: constants.Z_FULL_FLUSH, level: 9 });
    const opcode = 0x40 | (text ? TEXT : BINARY);
    const mib = Number(query.get('mib'));
    let sent = 0;
    const fill = () => {
      while (sent < mib && !visit.stopped && !visit.socket.destroyed) {
        const last = sent + 1 === mib;
        const bytes = frame(sent === 0 ? opcode : 0, last ? block.subarray(0, -4) : block, last);
        sent += 1;
        if (!visit.socket.write(bytes)) return void visit.socket.once('drain', fill);
      }
    };
    fill();
  },
  /** One message in `count` fragments of one byte each, or of no bytes with empty=1. With endless=1, the message never ends. */
  '/tiny-fragments'(visit, query) {
    visit.accept();
    const [count, empty] = [Number(query.get('count')), query.has('empty')];
    const fragment = empty ? Buffer.from([0, 0]) : Buffer.from([0, 1, 0x66]);
    const bytes = Buffer.alloc(count * fragment.length, fragment);
    bytes[0] = TEXT;
    if (!query.has('endless')) bytes[bytes.length - fragment.length] = 0x80;
    visit.socket.write(Buffer.concat([bytes, query.has('endless') ? frame(PING, 'so far') : frame(TEXT, 'behind')]));
  },
  /** Reads nothing. Sends `count` thousand pings of 125 bytes as fast as the socket takes them, then the text 'done'. */
  '/ping-flood'(visit, query) {
    visit.accept();
    visit.socket.pause();
    const block = Buffer.concat(Array.from({ length: 1000 }, () => frame(PING, 'p'.repeat(125))));
    let left = Number(query.get('count'));
    const fill = () => {
      while (left-- > 0) if (!visit.socket.write(block)) return void visit.socket.once('drain', fill);
      visit.socket.write(frame(TEXT, 'done'));
    };
    fill();
  },
  /** Sends a ping when the first fragment of a message arrives, and reads on only once the ping has been written. */
  '/ping-between'(visit) {
    visit.accept();
    const { onFrame } = visit;
    visit.onFrame = (seen, payload) => {
      onFrame(seen, payload);
      if (seen.opcode !== TEXT && seen.opcode !== BINARY) return;
      visit.socket.pause();
      visit.socket.write(frame(PING, 'between'), () => visit.socket.resume());
    };
  },
  /** One message of `size` bytes in fragments of `piece` bytes. */
  '/fragments'(visit, query) {
    visit.accept();
    const size = Number(query.get('size'));
    const piece = Number(query.get('piece'));
    const frames = [];
    for (let sent = 0; sent < size; sent += piece) {
      const bytes = Buffer.alloc(Math.min(piece, size - sent), 'f');
      frames.push(frame(sent === 0 ? TEXT : 0, bytes, sent + piece >= size));
    }
    visit.socket.write(Buffer.concat(frames));
  },
};

/** Writes the block repeatedly, as fast as the socket takes it, until the client is gone. */
function pour(visit, block) {
  if (visit.stopped || visit.socket.destroyed) return;
  visit.socket.write(block, (error) => {
    if (!error) setImmediate(pour, visit, block);
  });
}

const RIGHT = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n';
