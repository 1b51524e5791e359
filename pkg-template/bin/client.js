// The client: a channel between the terminal, or the pipe, and a server.

import { onInterrupt } from './interrupt.js';
import { Lines, textOf } from './lines.js';
import { newChannel } from './new_channel.js';
import { BAD_CLOSE, INTERRUPTED, closing, exitCode, inFlags } from './outcome.js';
import { Output } from './output.js';
import { HIGH_WATER } from './pressure.js';
import { Terminal } from './terminal.js';
import { announcing, showFrames, showOpening } from './watch.js';

/** Connects, and stays until the channel has stopped. Returns the exit code. */
export function connect(options) {
  const isInteractive = Boolean(process.stdin.isTTY && process.stdout.isTTY);
  return new Client(options, isInteractive).run();
}

/** How long a server may take to answer the close frame after SIGTERM or SIGHUP, in milliseconds. */
const KILL_PATIENCE = 2000;

class Client {
  #options;
  #channel;
  #output;
  #input = null;
  #received = 0;
  #silence = null;
  #isStdinOver = false;
  /** The reader of stdout is slower than the server, so the server waits. */
  #isHeld = false;
  #isClosing = false;
  #interrupts = 0;
  #wasOpen = false;
  /** A line of stdin could not be sent. */
  #isIncomplete = false;
  #frames = null;
  #opening = null;

  constructor(options, isInteractive) {
    this.#options = options;
    this.#output = new Output(options, isInteractive);
    const channel = newChannel(options.verbose ? { ...options, channel: announcing(options.channel, (text) => this.#opening?.say(text)) } : options);
    this.#channel = channel;
    if (options.frames) this.#frames = showFrames(this.#output);
    if (options.verbose) this.#opening = showOpening(this.#output, channel);
    if (isInteractive) this.#input = new Terminal(this.#output, this);
  }

  run() {
    return new Promise((resolve) => {
      this.#channel.asyncOpen(this.#options.uri, this.#options.origin ?? null, {
        onStart: () => {
          this.#wasOpen = this.#channel.state === 'open';
          this.#afterEvents(() => this.#started());
        },
        onMessageAvailable: (_, text) => this.#came(text),
        onBinaryMessageAvailable: (_, bytes) => this.#came(bytes),
        onAcknowledge: () => {
          this.#readOn();
          this.#awaitSilence();
        },
        onServerClose: (_, code, reason) => this.#afterEvents(() => this.#serverCloses(code, reason)),
        onStop: (_, status, detail) => this.#afterEvents(() => resolve(this.#stopped(detail))),
      }, null);
      onInterrupt((signal) => this.interrupt(signal));
      this.#input?.start(); // first: what is typed before, above all Ctrl-D, is for the terminal itself
      this.#output.note(`connecting to ${shown(this.#channel.URI)}`);
    });
  }

  get channel() { return this.#channel; }

  /** Sends what was typed. */
  sendTyped(text) { this.send(this.#options.binary ? Buffer.from(text) : text); }

  /** What --frames and --verbose show about an event is reported in a microtask, and must come first. */
  #afterEvents(act) {
    if (this.#options.frames || this.#options.verbose) queueMicrotask(act);
    else act();
  }

  /** The first signal closes, the second exits at once. So does the first if the channel is closing already. Nobody sends `kill` a second time. */
  interrupt(signal = 'SIGINT') {
    this.#interrupts += 1;
    if (this.#interrupts > 1 || this.#isClosing) process.exit(INTERRUPTED);
    if (this.#channel.state === 'open') this.#output.note(signal === 'SIGINT' ? 'closing; Ctrl-C again to leave at once' : 'closing');
    if (signal !== 'SIGINT') setTimeout(() => process.exit(INTERRUPTED), KILL_PATIENCE).unref();
    this.close();
  }

  close(code = this.#options['close-code'] ?? 1000, reason = '') {
    if (this.#channel.state === 'idle') return;
    this.#channel.close(code, reason);
    this.#isClosing = true;
  }

  /** Sends text or bytes. */
  send(data) {
    const accepted = typeof data === 'string' ? this.#channel.sendMsg(data) : this.#channel.sendBinaryMsg(data);
    if (!accepted) return this.#refused();
    const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
    this.#frames?.sent(this.#channel.serial, bytes);
    if (!this.#output.sent(data, bytes)) this.#hold();
  }

  /** A message was not accepted, because the channel is closing or has stopped. Lines of stdin are then read no more. */
  #refused() {
    if (this.#isDone) return; // it has what was asked for
    this.#output.problem('not sent: the connection is closed, or closing.');
    if (this.#input?.isTerminal) return;
    this.#isIncomplete = true;
    this.#input?.close();
  }

  #started() {
    if (this.#channel.state !== 'open') return;
    const { protocol, extensions } = this.#channel;
    const facts = [protocol && `subprotocol ${protocol}`, extensions].filter(Boolean).join(', ');
    this.#output.note(`connected${facts ? ` (${facts})` : ''}${this.#input ? '; /help lists the commands' : ''}`);
    for (const data of this.#options.first) this.send(data);
    if (this.#input) this.#input.opened();
    else this.#readLines();
  }

  /** Sends each line of stdin as a message. */
  #readLines() {
    const lines = new Lines(process.stdin, (line) => {
      this.#sendLine(line);
      if (this.#isHeld || this.#channel.bufferedAmount > HIGH_WATER) lines.pause();
    }, () => this.inputEnded());
    this.#input = lines;
  }

  /** Nothing more will be sent. */
  inputEnded() {
    this.#isStdinOver = true;
    this.#awaitSilence();
  }

  #sendLine(line) {
    const data = this.#options.binary ? line : textOf(line);
    if (data !== null) return this.send(data);
    this.#isIncomplete = true;
    this.#output.problem('a line of stdin is not UTF-8, and is not sent. Send lines as bytes with --binary.');
  }

  /** Once stdin has ended and the system has taken everything, closes the channel when nothing has arrived for a while. */
  #awaitSilence() {
    clearTimeout(this.#silence);
    const usual = this.#input?.isTerminal ? 0 : 1;
    const seconds = this.#options.wait ?? (this.#wanted === undefined ? usual : Infinity);
    if (!this.#isStdinOver || this.#isHeld || seconds === Infinity || this.#channel.bufferedAmount > 0) return;
    this.#silence = setTimeout(() => {
      if (this.#options.wait === undefined && seconds > 0 && this.#received === 0) this.#output.note(`closing, because nothing came for ${seconds} s after the end of stdin; to wait longer, use --wait`);
      this.close();
    }, seconds * 1000);
  }

  #came(data) {
    if (this.#isDone) return;
    this.#received += 1;
    this.#afterEvents(() => {
      if (!this.#output.received(data)) this.#hold();
    });
    if (this.#isDone) this.close();
    else this.#awaitSilence();
  }

  /** Reads stdin again, unless stdout is full or much waits to be sent. */
  #readOn() {
    if (!this.#isHeld && this.#channel.bufferedAmount < HIGH_WATER) this.#input?.resume?.();
  }

  /** stdout is full. The server and stdin wait until it is empty, and the server's silence meanwhile does not count. */
  #hold() {
    if (this.#isHeld) return;
    this.#isHeld = true;
    clearTimeout(this.#silence);
    this.#channel.suspend();
    process.stdout.once('drain', () => {
      this.#isHeld = false;
      this.#channel.resume();
      this.#readOn();
      this.#awaitSilence();
    });
  }

  #serverCloses(code, reason) {
    if (!this.#isClosing && this.#options.verbose) this.#output.note(`the server closes: ${closing(code, reason)}`);
  }

  /** The body of a response that was a refusal, indented, so that it does not pass for output of the command's own. */
  #bodyOf(http) {
    const body = http?.body.trim();
    if (!body || this.#options.quiet) return '';
    const lines = body.split('\n');
    return `\nThe server's response: ${lines.length > 1 ? lines.map((line) => `\n  ${line}`).join('') : body}`;
  }

  get #wanted() { return this.#options.once ? 1 : this.#options.count; }
  get #isDone() { return this.#wanted !== undefined && this.#received >= this.#wanted; }

  #stopped(detail) {
    clearTimeout(this.#silence);
    this.#input?.close();
    if (!this.#input || this.#input.isTerminal !== true) process.stdin.destroy();
    if (detail.http) this.#opening?.response(detail.http);
    const code = this.#interrupts > 0 && detail.name !== 'NS_OK' ? INTERRUPTED : exitCode(detail, this.#wasOpen);
    const how = closing(detail.code, detail.reason);
    if (code === BAD_CLOSE) this.#output.problem(`the server closed with an error: ${how}`);
    else if (detail.name === 'NS_OK') this.#output.note(`${detail.closedBy === 'remote' ? 'the server closed' : 'closed'}: ${how}`);
    else if (this.#interrupts > 0 && detail.name === 'NS_BINDING_ABORTED') this.#output.note('canceled before the connection was open');
    else if (!this.#isDone) this.#output.problem(`${inFlags(detail.message)}\n${detail.name}${this.#bodyOf(detail.http)}`);
    if (this.#isDone) return 0;
    if (code === 0 && this.#wanted !== undefined) {
      this.#output.problem(`the connection was closed after ${this.#received} of ${this.#wanted} messages.`);
      return 1;
    }
    return code === 0 && this.#isIncomplete ? 1 : code;
  }
}

/** A URI without its user and password. */
function shown(uri) {
  const url = new URL(uri);
  url.username = '';
  url.password = '';
  return url.href;
}
