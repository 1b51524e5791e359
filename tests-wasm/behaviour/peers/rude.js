import { createServer } from 'node:net';
import { constants, deflateRawSync } from 'node:zlib';
import { acceptFor, BINARY, CLOSE, frame, FrameReader, PING, recordFrames, TEXT } from './frame.js';

/**
 * The rude peer: raw TCP, hand-made bytes. The URL's path chooses what it does (`manners` below), its query how. The two that
 * most cases use are general, so that the bytes stand in the case and not here:
 *
 *   /answer?text=…     these characters instead of a right handshake; {accept} stands for the right accept key
 *   /raw?hex=…         a right handshake, then these bytes
 *
 * both with: then=eof|reset|silence (what follows the bytes), drip=1 (one byte a write), after=frame (not before the client's first
 * frame). A client's close frame is answered with the same, unless deaf=1; closes=1 says that the text of /answer has a close frame.
 * `extensions` is the Sec-WebSocket-Extensions of the right handshake, on every path.
 */
export function startRude(records) {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => receive(socket, records));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

/** One connection: reads the request's head, then behaves as its path says. */
function receive(socket, records) {
  const visit = new Visit(socket, records);
  let head = Buffer.alloc(0);
  const onData = (chunk) => {
    head = Buffer.concat([head, chunk]);
    // The first byte of a TLS ClientHello: whoever speaks TLS to this peer is never answered.
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

  /** The right handshake. */
  accept() {
    const extensions = this.query.get('extensions');
    const head = extensions === null ? RIGHT : RIGHT.replace(/\r\n$/, `Sec-WebSocket-Extensions: ${extensions}\r\n\r\n`);
    this.socket.write(this.fill(head));
    this.answerClose();
  }

  /** From here on a close frame is answered with the same, or with the connection's end if it is itself an answer. */
  answerClose() {
    if (this.query.has('deaf')) return;
    this.onFrame = ({ opcode }, payload) => {
      if (opcode === CLOSE && !this.stopped) this.socket.end(this.closeSent ? '' : frame(CLOSE, payload));
    };
  }

  /** Sends frames as the query says, and remembers whether a close frame was among them. */
  sendFrames(bytes) {
    new FrameReader(({ opcode }) => { this.closeSent ||= opcode === CLOSE; }).push(bytes);
    return this.send(bytes);
  }

  fill(text) {
    return text.replaceAll('{accept}', acceptFor(this.headers['sec-websocket-key'] ?? ''));
  }

  /** Sends bytes as the query says, then does what it says. */
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
  /** A right head, but slower than anybody's patience: a byte each 20 ms. */
  '/slow-head'(visit) {
    const head = Buffer.from(visit.fill(RIGHT));
    let at = 0;
    const timer = setInterval(() => {
      if (visit.stopped || visit.socket.destroyed) return clearInterval(timer);
      visit.socket.write(head.subarray(at, ++at));
    }, 20);
  },
  /** Headers without end. */
  '/endless-head'(visit) {
    visit.socket.write('HTTP/1.1 101 Switching Protocols\r\n');
    pour(visit, Buffer.from(`X-More: ${'x'.repeat(1000)}\r\n`.repeat(60)));
  },
  /** One header line without end. */
  '/endless-line'(visit) {
    visit.socket.write('HTTP/1.1 101 Switching Protocols\r\nX-More: ');
    pour(visit, Buffer.alloc(60_000, 'x'));
  },
  /** A body without end under a status that is not 101. */
  '/endless-body'(visit) {
    visit.socket.write('HTTP/1.1 403 Forbidden\r\n\r\n');
    pour(visit, Buffer.alloc(60_000, 'b'));
  },
  /** Opens, and then never reads a byte again; sends the bytes of hex after its silence of 300 ms, if there are any. */
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
   * Opens and sends text without end; hex, if any, goes before. Never answers a close frame; but a browser that keeps the connection
   * after its page gave it up is let go in the end.
   */
  '/flood'(visit, query) {
    visit.accept();
    visit.onFrame = ({ opcode }) => {
      if (opcode === CLOSE) setTimeout(() => { visit.stopped = true; visit.socket.destroy(); }, 3000).unref();
    };
    visit.socket.write(Buffer.from(query.get('hex') ?? '', 'hex'));
    pour(visit, Buffer.concat(Array.from({ length: 100 }, () => frame(TEXT, 'x'.repeat(600)))));
  },
  /** Sends `count` pings, the last with the payload 'last', and then the text 'done'. Reads none of the answers with unread=1. */
  '/pings'(visit, query) {
    visit.accept();
    if (query.has('unread')) visit.socket.pause();
    const count = Number(query.get('count'));
    const pings = Array.from({ length: count }, (_, at) => frame(PING, at + 1 === count ? 'last' : String(at).padEnd(Number(query.get('size') ?? 0))));
    visit.socket.write(Buffer.concat([...pings, frame(TEXT, 'done')]));
  },
  /**
   * One message that inflates to `mib` MiB of zeros, or of the letter a with text=1; in fragments of a MiB each. A full flush makes blocks
   * that depend on nothing before them, so one of them is compressed and sent again and again.
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
  /** One message in `count` fragments of one byte each; of none with empty=1. Then, with endless=1, never its end. */
  '/tiny-fragments'(visit, query) {
    visit.accept();
    const [count, empty] = [Number(query.get('count')), query.has('empty')];
    const fragment = empty ? Buffer.from([0, 0]) : Buffer.from([0, 1, 0x66]);
    const bytes = Buffer.alloc(count * fragment.length, fragment);
    bytes[0] = TEXT;
    if (!query.has('endless')) bytes[bytes.length - fragment.length] = 0x80;
    visit.socket.write(Buffer.concat([bytes, query.has('endless') ? frame(PING, 'so far') : frame(TEXT, 'behind')]));
  },
  /** Reads nothing, and sends `count` thousand pings of 125 bytes as fast as they are taken, then the text 'done'. */
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
  /** Pings at a message's first fragment, and reads on only when the ping is out. */
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

/** Writes the block again and again, as fast as it is taken, until the client is gone. */
function pour(visit, block) {
  if (visit.stopped || visit.socket.destroyed) return;
  visit.socket.write(block, (error) => {
    if (!error) setImmediate(pour, visit, block);
  });
}

const RIGHT = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n';
