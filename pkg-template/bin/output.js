// The output: messages go to stdout, everything else to stderr.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clock, hex, indented, printable, safeJson, size, styles } from './style.js';
import { UsageError } from './usage_error.js';

export class Output {
  #options;
  #isInteractive;
  #style;
  #errorStyle;
  #saved = 0;
  /** Prints above the line that is being typed, if there is one. */
  around = (print) => print();
  isIndenting;

  constructor(options, isInteractive) {
    this.#options = options;
    this.#isInteractive = isInteractive;
    this.#style = styles(process.stdout, options);
    this.#errorStyle = styles(process.stderr, options);
    this.isIndenting = Boolean(options.json);
    if (options.save) this.#prepare(options.save);
  }

  get style() { return this.#errorStyle; }

  /** Shows a message that arrived. Returns false if stdout is full. */
  received(data) {
    const isText = typeof data === 'string';
    const bytes = isText ? Buffer.byteLength(data) : data.length;
    if (!isText && this.#options.save) return this.#save(data, bytes);
    if (this.#isInteractive) return this.#show('cyan', '←', data, bytes);
    if (this.#options.json) return this.#line('received', data, bytes);
    // A terminal would obey control characters.
    if (process.stdout.isTTY) return process.stdout.write(`${isText ? printable(data) : hex(data)}\n`);
    return process.stdout.write(isText ? `${data}\n` : data);
  }

  /** Shows a message that was accepted. What was typed on a terminal is there already. Returns false if stdout is full. */
  sent(data, bytes) {
    if (this.#options.json && !this.#isInteractive) return this.#line('sent', data, bytes);
    if (this.#isInteractive && typeof data !== 'string') this.note(`sent ${size(bytes)} of binary`);
    return true;
  }

  /** Shows the state of things. */
  note(text) {
    if (!this.#options.quiet) this.aside(this.#errorStyle('dim', printable(text)));
  }

  /** Shows what went wrong. */
  problem(text) { this.aside(this.#errorStyle('red', printable(text))); }

  aside(text) { this.around(() => process.stderr.write(`${text}\n`)); }

  #show(color, arrow, data, bytes) {
    const isText = typeof data === 'string';
    const body = isText ? printable((this.isIndenting && indented(data)) || data) : hex(data);
    const head = this.#style('dim', `${clock()} ${arrow} ${size(bytes)}${isText ? '' : ' binary'}`);
    let taken;
    this.around(() => { taken = process.stdout.write(`${head}${isText && !body.includes('\n') ? ' ' : '\n'}${this.#style(color, body)}\n`); });
    return taken;
  }

  #line(direction, data, bytes, content = typeof data === 'string' ? { text: data } : { base64: Buffer.from(data).toString('base64') }) {
    const object = { time: new Date().toISOString(), direction, kind: typeof data === 'string' ? 'text' : 'binary', size: bytes, ...content };
    let line;
    try {
      line = safeJson(object);
    } catch (error) {
      this.problem(`a message of ${size(bytes)} cannot be written as JSON: ${error.message}.`); // longer than a string can be
      process.exit(8);
    }
    return process.stdout.write(`${line}\n`);
  }

  #prepare(folder) {
    try {
      mkdirSync(folder, { recursive: true });
    } catch ({ code, message }) {
      throw new UsageError(`--save: ${code === 'EEXIST' ? `"${folder}" is a file. Pass a folder` : message}.`);
    }
  }

  #save(data, bytes) {
    const path = join(this.#options.save, `${new Date().toISOString().replace(/[:.]/g, '-')}-${++this.#saved}.bin`);
    try {
      writeFileSync(path, data, { flag: 'wx' });
      this.note(`saved ${size(bytes)} as ${path}`);
    } catch (error) {
      this.problem(`not saved: ${error.message}.`);
      process.exit(1);
    }
    if (this.#options.json && !this.#isInteractive) return this.#line('received', data, bytes, { file: path });
    return true;
  }
}
