import { createHash } from 'node:crypto';

/**
 * Reads the frames that a client sends, and passes each one on when it is complete. Keeps only the first bytes of a payload, so that
 * 128 MiB can pass through without being stored.
 */
export class FrameReader {
  #head = [];
  #frame = null;
  #left = 0;

  constructor(onFrame) {
    this.onFrame = onFrame;
  }

  push(chunk) {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#frame) {
        this.#head.push(chunk[at++]);
        this.#startWhenHeadIsComplete();
      } else {
        const piece = chunk.subarray(at, at + this.#left);
        this.#take(piece);
        at += piece.length;
      }
    }
  }

  #startWhenHeadIsComplete() {
    const head = Buffer.from(this.#head);
    if (head.length < 2) return;
    const masked = (head[1] & 0x80) !== 0;
    const short = head[1] & 0x7f;
    const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
    if (head.length < 2 + lengthBytes + (masked ? 4 : 0)) return;
    const length = lengthBytes === 8 ? Number(head.readBigUInt64BE(2)) : lengthBytes === 2 ? head.readUInt16BE(2) : short;
    const key = masked ? head.subarray(2 + lengthBytes) : Buffer.alloc(4);
    this.#frame = {
      opcode: head[0] & 0x0f, fin: (head[0] & 0x80) !== 0, rsv: (head[0] >> 4) & 7, masked,
      key: masked ? key.toString('hex') : null, length, lengthBytes, start: [], taken: 0, maskKey: key,
    };
    this.#head = [];
    this.#left = length;
    if (length === 0) this.#finish();
  }

  #take(piece) {
    const frame = this.#frame;
    const wanted = Math.min(piece.length, KEPT - frame.start.length);
    for (let i = 0; i < wanted; i++) frame.start.push(piece[i] ^ frame.maskKey[(frame.taken + i) & 3]);
    frame.taken += piece.length;
    this.#left -= piece.length;
    if (this.#left === 0) this.#finish();
  }

  #finish() {
    const { start, taken, maskKey, ...frame } = this.#frame;
    this.#frame = null;
    const payload = Buffer.from(start);
    this.onFrame({ ...frame, hex: payload.toString('hex'), text: payload.toString('utf8') }, payload);
  }
}

/** Adds every frame of a connection to its record. */
export function recordFrames(records, id, onFrame = () => {}) {
  const reader = new FrameReader((frame, payload) => {
    records.update(id, (record) => {
      record.frameCount += 1;
      if (record.frames.length < 2000) record.frames.push(frame);
      if (frame.opcode === CLOSE && !record.close) record.close = closeOf(payload);
    });
    onFrame(frame, payload);
  });
  return (chunk) => {
    records.update(id, (record) => { record.chunks += 1; });
    reader.push(chunk);
  };
}

/** One unmasked frame, as a server sends it, with the shortest length encoding. */
export function frame(opcode, payload = Buffer.alloc(0), fin = true) {
  const bytes = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | opcode;
  if (bytes.length < 126) return Buffer.concat([Buffer.from([first, bytes.length]), bytes]);
  const head = Buffer.alloc(bytes.length < 65536 ? 4 : 10);
  head[0] = first;
  if (bytes.length < 65536) {
    head[1] = 126;
    head.writeUInt16BE(bytes.length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(bytes.length), 2);
  }
  return Buffer.concat([head, bytes]);
}

/** The Sec-WebSocket-Accept value for a Sec-WebSocket-Key (RFC 6455 §4.2.2). */
export function acceptFor(key) {
  return createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
}

/** A close frame without a code reads as 1005 (RFC 6455 §7.1.5). */
function closeOf(payload) {
  if (payload.length < 2) return { code: 1005, reason: '' };
  return { code: payload.readUInt16BE(0), reason: payload.subarray(2).toString('utf8') };
}

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;
const KEPT = 256;
