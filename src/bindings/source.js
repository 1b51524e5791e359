import { invalid } from './error.js';

const tag = (value) => Object.prototype.toString.call(value);

/** The bytes of an ArrayBuffer or a view, in memory that nobody else writes to while they are sent. */
export function bytesOf(data, who) {
  if (data instanceof Uint8Array && data.buffer instanceof ArrayBuffer && data.length > 0) return data;
  try {
    if (ArrayBuffer.isView(data)) {
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return tag(data.buffer) === '[object SharedArrayBuffer]' ? bytes.slice() : bytes;
    }
    // By its tag, so that one of another realm (a frame, a vm context) is taken too.
    if (tag(data) === '[object ArrayBuffer]') return new Uint8Array(data);
  } catch (cause) {
    throw invalid(`${who}: the buffer is detached; it was transferred elsewhere.`, cause);
  }
  throw invalid(`${who}: this is no ArrayBuffer and no view of one.`);
}

/** What sendBinaryStream sends: a ReadableStream, Node's Readable, a Blob or an async iterable, held to the length it was announced with. */
export class Source {
  constructor(stream, length) {
    if (stream instanceof Blob) {
      length ??= stream.size;
      if (length !== stream.size) throw invalid(`sendBinaryStream: the length is ${length}, and the Blob's ${stream.size}.`);
      stream = stream.stream();
    }
    if (!stream?.getReader && !stream?.[Symbol.asyncIterator]) {
      throw invalid('sendBinaryStream: this is no ReadableStream, Readable, Blob or async iterable.');
    }
    if (stream.locked) throw invalid('sendBinaryStream: the stream is locked.');
    if (!Number.isSafeInteger(length) || length < 0) throw invalid('sendBinaryStream: the length is no whole number of bytes.');
    this.stream = stream;
    this.length = this.left = length;
    this.count = 0;
  }

  /** The next bytes, at least one; null at the end. Throws if the stream does, and if it is not as long as it should be. */
  async next() {
    for (;;) {
      this.reader ??= this.stream.getReader?.() ?? this.stream[Symbol.asyncIterator]();
      const { done, value } = await (this.reader.read ?? this.reader.next).call(this.reader);
      if (done) {
        this.stream = null;
        if (this.left > 0) throw new RangeError(`the stream ended ${this.left} bytes short of ${this.length}`);
        return null;
      }
      const bytes = bytesOf(value, 'a chunk of the stream');
      this.left -= bytes.length;
      if (this.left < 0) throw new RangeError(`the stream has more than ${this.length} bytes`);
      // One that always has something tiny, or nothing, must not hold up everything else.
      if (bytes.length === 0 || ++this.count % 512 === 0) await new Promise((resolve) => { setTimeout(resolve); });
      if (bytes.length > 0 || this.stream === null) return bytes;
    }
  }

  /** Nobody reads on. Nothing of the stream runs before the caller has gone on. */
  async cancel() {
    await null;
    const { stream, reader } = this;
    this.stream = null;
    try {
      if (stream?.destroy) stream.destroy();
      else if (stream) await (reader?.cancel ? reader.cancel() : stream.cancel ? stream.cancel() : (reader ?? stream[Symbol.asyncIterator]()).return?.());
    } catch {
      // It had failed, and whoever waits for it knows.
    }
  }
}
