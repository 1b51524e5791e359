// The channel, for every host: compiles the wasm on first use, and makes the exported classes from the wasm's.

import { ChannelError } from './error.js';
import * as wasm from 'build:glue';
import { CloseCodes, Status } from 'build:constants';
import { load } from './load.js';
import { fillBytes, fillText } from 'build:send-window';
import { needDeepStack, needStack } from 'build:stack';

const names = new Map(Object.entries(Status).map(([name, number]) => [number, name]));

/** The name of an nsresult of this package, or undefined. 0x80070057 has two names; this is onStop's. */
function statusName(status) {
  return names.get(status);
}

let exports;

/** Removes what wasm-bindgen adds to the class, and moves what only this package calls to symbols. */
function tidy({ prototype }, symbols) {
  for (const name of ['free', '__destroy_into_raw', Symbol.dispose]) delete prototype[name];
  for (const [name, symbol] of Object.entries(symbols)) {
    Object.defineProperty(prototype, symbol, { ...Object.getOwnPropertyDescriptor(prototype, name), enumerable: false });
    delete prototype[name];
  }
}

/** Attributes that are read often, and need little of the stack. */
const SMALL = ['state', 'status', 'bufferedAmount', 'serial'];

/**
 * A stack overflow inside wasm would leave its values borrowed for ever, and no channel of the thread would work any more. So a member that is used when the stack is
 * nearly used up throws its RangeError before it enters wasm.
 */
function guard(prototype, name) {
  const { value: method, get, set, ...attributes } = Object.getOwnPropertyDescriptor(prototype, name);
  const need = SMALL.includes(name) ? needStack : needDeepStack;
  const guarded = method ? { [name](...args) { need(); return method.apply(this, args); } }
    : { get [name]() { need(); return get.call(this); }, set [name](value) { need(); set.call(this, value); } };
  const member = Object.getOwnPropertyDescriptor(guarded, name);
  if (method) Object.defineProperty(member.value, 'length', { value: method.length, configurable: true });
  else if (!set) member.set = undefined;
  Object.defineProperty(prototype, name, { ...member, ...attributes });
}

/** What comes before a call of wasm that may be the first. */
function enter() {
  needDeepStack();
  exports ??= load();
}

const tag = (name) => ({ value: name, configurable: true });
const THIS = Symbol('this');
const PROBLEM = Symbol('problem');
const SEND_FILLED = Symbol('sendFilled');
/** What the web's own classes call on a channel. */
export const CANCEL = Symbol.for('websocket-channel.cancel');
export const CLOSE_EMPTY = Symbol('closeEmpty');
export const BECOME_WEB = Symbol('becomeWeb');
export const TAKEN = Symbol('taken');
const SEND_IF_OPEN = Symbol.for('websocket-channel.sendIfOpen'); // a member may be of another copy of this package
const INSPECT = Symbol.for('nodejs.util.inspect.custom');
tidy(wasm.WebSocketChannel, {
  __this: THIS, __problem: PROBLEM, __sendFilled: SEND_FILLED, __cancel: CANCEL, __closeEmpty: CLOSE_EMPTY, __becomeWeb: BECOME_WEB, __taken: TAKEN, __inspect: INSPECT, __sendIfOpen: SEND_IF_OPEN,
});

const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(wasm.WebSocketChannel.prototype);
for (const name of [...Object.keys(members), INSPECT]) guard(wasm.WebSocketChannel.prototype, name);

class WebSocketChannel extends wasm.WebSocketChannel {
  constructor(options) {
    enter();
    super(options);
    Object.defineProperty(this, '__wbg_ptr', { enumerable: false }); // hides wasm-bindgen's pointer
    this[THIS] = this;
  }

  static get compressionMemory() {
    enter();
    return wasm.compressionMemory();
  }

  static set compressionMemory(bytes) {
    enter();
    wasm.setCompressionMemory(bytes);
  }

  // Most messages go through the send window, so that wasm gets a number. To pass the message itself takes a third more time.
  sendMsg(text) {
    needStack();
    const length = fillText(text);
    return (length >= 0 && this[SEND_FILLED](length, true)) || super.sendMsg(text) || super[PROBLEM]();
  }

  sendBinaryMsg(bytes) {
    needStack();
    const length = fillBytes(bytes);
    return (length >= 0 && this[SEND_FILLED](length, false)) || super.sendBinaryMsg(bytes) || super[PROBLEM]();
  }
}

/** Not a subclass: with a pointer like a channel's, it would pass for a channel if a channel's method were called on it. */
class LoadGroup {
  #group;

  constructor() {
    enter();
    this.#group = new wasm.LoadGroup();
  }

  get activeCount() {
    needDeepStack();
    return this.#group.activeCount;
  }

  cancel(status) {
    needDeepStack();
    this.#group.cancel(status);
  }

  sendMsg(text) { return this.#send(text, true); }

  sendBinaryMsg(bytes) { return this.#send(bytes, false); }

  #send(payload, isText) {
    needDeepStack();
    const broadcast = this.#group.__broadcast(payload, isText);
    try {
      let accepted = 0;
      for (const member of this) {
        const isShared = broadcast !== undefined && member instanceof WebSocketChannel;
        if (isShared ? broadcast.sendTo(member) : member[SEND_IF_OPEN](payload, isText)) accepted++;
      }
      return accepted;
    } finally {
      broadcast?.free();
    }
  }

  [Symbol.iterator]() {
    needDeepStack();
    return this.#group[Symbol.iterator]();
  }

  get [Symbol.for('websocket-channel.members')]() { return this.#group.__members; }

  [INSPECT]() {
    needDeepStack();
    return this.#group.__inspect();
  }
}

/** What happens on every channel of the thread. */
const eventService = {
  addListener(listener) {
    enter();
    wasm.addListener(listener);
  },

  removeListener(listener) {
    enter();
    return wasm.removeListener(listener);
  },
};

for (const [name, value] of Object.entries(CloseCodes)) Object.defineProperty(WebSocketChannel, name, { value, enumerable: true });
for (const [name, it] of Object.entries({ WebSocketChannel, LoadGroup, ChannelError })) {
  Object.defineProperty(it, 'name', tag(name)); // a bundler may have renamed it
  if (it !== ChannelError) Object.defineProperty(it.prototype, Symbol.toStringTag, tag(name)); // an error's is Error
}
// For memory tests. Not part of the API.
Object.defineProperty(WebSocketChannel, Symbol.for('websocket-channel.exports'), { get: () => exports });

export { ChannelError, LoadGroup, Status, WebSocketChannel, eventService, statusName };
