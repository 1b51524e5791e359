import { fail, show } from './assert.js';
import { breachOfLaw } from './law.js';

/**
 * One channel under observation. Opens it, or has it accept an upgrade ([request, socket, head]). Records every listener call in order, with the
 * channel's attributes during the call, and offers promises for later calls. `attributes` are written to the channel before it is opened.
 * `listener` may hold the case's own methods, which are called after the recording.
 */
export class Talk {
  calls = [];
  /** The messages that have arrived, in order. */
  messages = [];
  /** The sizes in bytes of the messages that the channel accepted. */
  sent = [];
  /** Whether one of them is a stream. A stream's bytes leave `bufferedAmount` as its frames are taken, before the stream is acknowledged. */
  hasStream = false;
  #waiting = new Set();
  #counts = {};
  /** Above zero while a method of the channel runs. A listener call at that time is synchronous. */
  #busy = 0;
  #synchronous = null;

  constructor(api, url, { options, protocols, loadGroup, attributes, accept = null, origin = null, listener = {}, context = { about: 'the context' } } = {}) {
    this.url = url;
    this.context = context;
    this.statusName = api.statusName;
    this.channel = options === undefined ? new api.WebSocketChannel() : new api.WebSocketChannel(options);
    if (protocols !== undefined) this.channel.protocol = protocols;
    if (loadGroup !== undefined) this.channel.loadGroup = loadGroup;
    Object.assign(this.channel, attributes);
    this.listener = this.#recorder(listener);
    this.isAccepted = accept !== null;
    this.quietly(() => {
      if (accept === null) this.channel.asyncOpen(url, origin, this.listener, context);
      else this.channel.asyncAccept(...accept, this.listener, context);
    });
  }

  get stopped() {
    return 'onStop' in this.#counts;
  }

  get acknowledged() {
    return this.calls.filter(({ call }) => call === 'onAcknowledge').map(({ args }) => args[0]);
  }

  get names() {
    return this.calls.map(({ call }) => call);
  }

  /** Sends text or bytes. */
  send(data) {
    return this.quietly(() => {
      const accepted = typeof data === 'string' ? this.channel.sendMsg(data) : this.channel.sendBinaryMsg(data);
      if (accepted) this.sent.push(typeof data === 'string' ? encoder.encode(data).length : data.byteLength);
      return accepted;
    });
  }

  /** Calls sendBinaryStream with these arguments. The length may be left out only for a Blob. */
  sendStream(...args) {
    return this.quietly(() => {
      const at = this.sent.length;
      let accepted = false;
      try {
        // This comes before the call, because the call may read from the stream, and reading may send.
        this.sent.push(args.length > 1 ? args[1] : args[0]?.size);
        this.hasStream = true;
        accepted = this.channel.sendBinaryStream(...args);
      } finally {
        if (!accepted) this.sent.splice(at, 1);
      }
      return accepted;
    });
  }

  close(...args) {
    return this.quietly(() => this.channel.close(...args));
  }

  /** Runs a call on the channel. A listener call during it breaches law 1, and `breach` reports that. */
  quietly(run) {
    this.#busy += 1;
    try {
      return run();
    } finally {
      this.#busy -= 1;
    }
  }

  /** The record of the `count`-th call of this name, once it has happened. */
  until(call, count = 1) {
    return this.#when(`${count} × ${call}`, () => this.#counts[call] >= count && this.calls.filter((one) => one.call === call)[count - 1]);
  }

  /** All messages, once there are at least `count`. */
  untilMessages(count) {
    return this.#when(`${count} messages`, () => this.messages.length >= count && this.messages);
  }

  /** { status, name, detail } of onStop. */
  async end() {
    const { args: [status, detail] } = await this.until('onStop');
    return { status, detail };
  }

  /** The breach of the listener's laws in the record, or null. */
  breach() {
    return this.#synchronous ?? breachOfLaw(this);
  }

  toString() {
    const lines = this.calls.map(({ call, args, state }) => `  ${call}(${args.map(show).join(', ')})  state ${state}`);
    return `${this.url}\n${lines.join('\n') || '  no listener call'}\n  now: state ${this.channel.state}`;
  }

  #when(what, look) {
    return new Promise((resolve, reject) => {
      const wait = () => {
        const found = look();
        if (!found) return;
        forget();
        this.#waiting.delete(wait);
        resolve(found);
      };
      const forget = afterDeadline(() => {
        this.#waiting.delete(wait);
        try {
          fail(`waited ${DEADLINE} ms for ${what} of\n${this}`);
        } catch (failure) {
          reject(failure);
        }
      });
      this.#waiting.add(wait);
      wait();
    });
  }

  #recorder(listener) {
    const recorder = {};
    for (const call of CALLS) {
      recorder[call] = (context, ...args) => {
        const { state, status, bufferedAmount } = this.channel;
        if (this.#busy > 0) this.#synchronous ??= `${call} was called synchronously, inside a method that the caller had called`;
        this.calls.push({ call, context, args, state, status, bufferedAmount, sentCount: this.sent.length });
        if (call.endsWith('MessageAvailable')) this.messages.push(args[0]);
        this.#counts[call] = (this.#counts[call] ?? 0) + 1;
        // The waiting case is woken later, so that it continues after the listener, never within it.
        Promise.resolve().then(() => [...this.#waiting].forEach((wait) => wait()));
        return listener[call]?.(context, ...args);
      };
    }
    return recorder;
  }
}

const encoder = new TextEncoder();
const DEADLINE = 10_000;
const STEP = 250;

/**
 * Calls `late` after the deadline. With many channels in one process, the event loop turns slowly and everything happens later; the deadline, which
 * counts intervals, is then later too. Returns a function that cancels the call.
 */
function afterDeadline(late) {
  let left = DEADLINE / STEP;
  const timer = setInterval(() => {
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    late();
  }, STEP);
  return () => clearInterval(timer);
}

export const CALLS = ['onStart', 'onMessageAvailable', 'onBinaryMessageAvailable', 'onAcknowledge', 'onServerClose', 'onStop'];

/** Opens a channel whose listener methods all throw what `make` returns. Checks that messages still come back and that the channel ends cleanly. */
export async function throwsInEveryCall(t, make) {
  const listener = Object.fromEntries(CALLS.map((call) => [call, () => { throw make(call); }]));
  const talk = t.open(t.peer('ws', '/echo'), { listener });
  talk.send('text');
  talk.send(new Uint8Array(3));
  await talk.untilMessages(2);
  await talk.until('onAcknowledge', 2);
  talk.close();
  await t.stops(talk, { node: 'NS_OK' });
  return talk;
}
