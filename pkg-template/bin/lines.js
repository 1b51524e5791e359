// stdin by lines, as bytes: node:readline would decode them, and would also split at other characters than line feeds.

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Calls `take` with each line, without its line feed, and `end` after the last. */
export class Lines {
  #stream;
  /** The pieces of a line that is not complete. */
  #begun = [];

  constructor(stream, take, end) {
    this.#stream = stream;
    stream.on('data', (chunk) => {
      let start = 0;
      for (let at = chunk.indexOf(LINE_FEED); at >= 0 && !stream.destroyed; at = chunk.indexOf(LINE_FEED, start)) {
        take(this.#finish(chunk.subarray(start, at)));
        start = at + 1;
      }
      if (start < chunk.length) this.#begun.push(chunk.subarray(start));
    });
    stream.on('end', () => {
      if (this.#begun.length > 0) take(this.#finish(Buffer.alloc(0)));
      end();
    });
    stream.on('error', end);
  }

  #finish(last) {
    const line = this.#begun.length > 0 ? Buffer.concat([...this.#begun, last]) : last;
    this.#begun = [];
    return line;
  }

  pause() { this.#stream.pause(); }

  resume() { this.#stream.resume(); }

  close() { this.#stream.destroy(); }
}

/** The text of a line, which may end with CR LF. Null if it is not UTF-8. */
export function textOf(line) {
  return utf8(line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line);
}

/** The bytes as text; null if they are not UTF-8. */
export function utf8(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
