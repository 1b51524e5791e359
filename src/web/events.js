// The events that a socket fires, and who hears them (DOM §2).
//
// They are the host's own events, and pass for its MessageEvent and CloseEvent. What dispatching sets, only the host's
// EventTarget can reach, which takes several times as long as all the rest: so a dispatch of our own, whose state these events hold.

import { illegal, requireArguments, toUSVString } from './idl.js';

/** An event that the package fires: trusted, neither bubbling nor cancelable. */
class FiredEvent extends Event {
  #target = null;
  #isDispatched = false;
  #stopsPropagation = false;
  #stopsImmediately = false;

  // After its dispatch it may be dispatched anew, by somebody else and at another target: then the host knows better.
  get target() { return this.#isDispatched ? this.#target : super.target ?? this.#target; }
  get srcElement() { return this.target; }
  get currentTarget() { return this.#isDispatched ? this.#target : super.currentTarget; }
  get eventPhase() { return this.#isDispatched ? Event.AT_TARGET : super.eventPhase; }
  get isTrusted() { return super.target === null; }
  get cancelBubble() { return this.#stopsPropagation || super.cancelBubble; }
  set cancelBubble(value) { if (value) this.stopPropagation(); }

  get returnValue() { return super.returnValue; }
  set returnValue(_) { /* it cannot be cancelled */ }

  composedPath() { return this.#isDispatched ? [this.#target] : super.composedPath(); }

  // Node's own flags stay for ever, where DOM unsets them behind the dispatch.
  stopPropagation() {
    if (this.#isDispatched) this.#stopsPropagation = true;
    else super.stopPropagation();
  }

  stopImmediatePropagation() {
    if (this.#isDispatched) this.#stopsPropagation = this.#stopsImmediately = true;
    else super.stopImmediatePropagation();
  }

  initEvent(...args) { if (!this.#isDispatched) super.initEvent(...args); }

  static isOne(event) { return #isDispatched in event; }
  static isDispatched(event) { return #isDispatched in event && event.#isDispatched; }

  /** DOM §2.9 for a target that has no parent: the capturing listeners, then the others. */
  static dispatch(event, type, target, listeners) {
    event.#target = target;
    event.#isDispatched = true;
    if (listeners.hasCapturing) event.#invoke(type, listeners, true);
    if (!event.#stopsPropagation) event.#invoke(type, listeners, false);
    event.#isDispatched = event.#stopsPropagation = event.#stopsImmediately = false;
  }

  /** Those that are there now: one that is added meanwhile is not called, one that is removed neither. */
  #invoke(type, listeners, capture) {
    const { list } = listeners;
    const { length } = list;
    for (let at = 0; at < length; at++) {
      const listener = list[at];
      if (listener.type !== type || listener.options.capture !== capture || listener.isRemoved) continue;
      listeners.call(listener, this, this.#target);
      if (this.#stopsImmediately) return;
    }
  }
}

class FiredMessageEvent extends FiredEvent {
  #data;
  #origin;

  constructor(data, origin) {
    super('message');
    this.#data = data;
    this.#origin = origin;
  }

  get data() { return this.#data; }
  get origin() { return this.#origin; }
  get lastEventId() { return ''; }
  get source() { return null; }
  get ports() { return NO_PORTS; }
}

const NO_PORTS = Object.freeze([]);

class FiredCloseEvent extends FiredEvent {
  #wasClean;
  #code;
  #reason;

  constructor({ wasClean, code, reason }) {
    super('close');
    this.#wasClean = wasClean;
    this.#code = code;
    this.#reason = reason;
  }

  get wasClean() { return this.#wasClean; }
  get code() { return this.#code; }
  get reason() { return this.#reason; }
}

/** Where the host has no CloseEvent, as Node before version 23. */
class CloseEvent extends Event {
  #init;

  constructor(type, init = undefined) {
    super(type, init);
    const { code = 0, reason = '', wasClean = false } = init ?? {};
    this.#init = { code: code & 0xFFFF, reason: toUSVString(reason), wasClean: Boolean(wasClean) };
  }

  get wasClean() { return this.#init.wasClean; }
  get code() { return this.#init.code; }
  get reason() { return this.#init.reason; }

  static {
    for (const name of ['wasClean', 'code', 'reason']) Object.defineProperty(this.prototype, name, { enumerable: true });
    Object.defineProperty(this.prototype, Symbol.toStringTag, { value: 'CloseEvent', configurable: true });
  }
}

// DOM has them at each event, too, and Node at its class alone.
for (const name of ['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE']) {
  Object.defineProperty(FiredEvent.prototype, name, { value: Event[name], enumerable: true });
}

/** Lets the events of a class pass for those of one of the host's: `instanceof`, `constructor`, `Object.prototype.toString`. */
function passFor(it, host, name) {
  delete it.prototype.constructor;
  for (const name of Object.getOwnPropertyNames(it.prototype)) Object.defineProperty(it.prototype, name, { enumerable: true }); // as Web IDL has them
  Object.defineProperty(it.prototype, Symbol.toStringTag, { value: name, configurable: true });
  if (it === FiredEvent) return;
  const { [Symbol.toStringTag]: _, constructor: __, ...dispatching } = Object.getOwnPropertyDescriptors(FiredEvent.prototype);
  Object.defineProperties(it.prototype, dispatching);
  if (host !== undefined) Object.setPrototypeOf(it.prototype, host.prototype);
}

passFor(FiredEvent, Event, 'Event');

// With the first event: Node loads its MessageEvent and CloseEvent when they are first named, which takes longer than all of this package.
let passesForMessage = false;
let passesForClose = false;

export const openEvent = () => new FiredEvent('open');

export function messageEvent(data, origin) {
  if (!passesForMessage) passFor(FiredMessageEvent, globalThis.MessageEvent, 'MessageEvent');
  passesForMessage = true;
  return new FiredMessageEvent(data, origin);
}

export function closeEvent(close) {
  if (!passesForClose) passFor(FiredCloseEvent, globalThis.CloseEvent ?? CloseEvent, 'CloseEvent');
  passesForClose = true;
  return new FiredCloseEvent(close);
}

/** A plain Event, as the standard has it, that also says what happened. */
export function errorEvent(error) {
  const enumerable = true;
  return Object.defineProperties(new FiredEvent('error'), { error: { value: error, enumerable }, message: { value: error.message, enumerable } });
}

/** Fires an event of the package's own. */
export function fire(event, type, target, listeners) {
  FiredEvent.dispatch(event, type, target, listeners);
}

/**
 * dispatchEvent, of an event that anybody has made: the host's own dispatch, over these listeners.
 * `host` are the host's methods, bound to the target.
 */
export function dispatchForeign(event, target, listeners, host) {
  requireArguments('dispatchEvent', event === undefined ? 0 : 1, 1);
  if (!(event instanceof Event)) throw illegal('dispatchEvent', 'the argument is not an Event.');
  if (FiredEvent.isDispatched(event)) throw new DOMException('The event is being dispatched already.', 'InvalidStateError');
  const isFirst = !FiredEvent.isOne(event) && !dispatched.has(event);
  dispatched.add(event);
  // What a listener dispatches is not this event.
  const call = (it) => { if (it === event) invokeAll(event, target, listeners, isFirst); };
  host.addEventListener(event.type, call);
  try {
    return host.dispatchEvent(event);
  } catch (error) {
    if (error?.code !== 'ERR_EVENT_RECURSION') throw error;
    throw new DOMException('The event is being dispatched already.', 'InvalidStateError');
  } finally {
    host.removeEventListener(event.type, call);
  }
}

/** The events that were dispatched before: Node never unsets what their listeners have said of propagation. */
const dispatched = new WeakSet();

/** One listener of the host's calls all of these: its own dispatch forgets the target behind the first, and warns of more than ten. */
function invokeAll(event, target, listeners, isFirst) {
  if (isFirst && event.cancelBubble) return; // said before the dispatch
  const stopped = watchPropagation(event);
  for (const listener of listeners.of(event.type)) {
    if (stopped.at(listener)) break;
    if (!listener.isRemoved) listeners.call(listener, event, target);
  }
  stopped.end();
}

/** Sees what the event's listeners say of propagation: `at` answers whether a listener is not called any more. */
function watchPropagation(event) {
  const said = { stopPropagation: false, stopImmediatePropagation: false };
  const wasStopped = event.cancelBubble;
  const own = Object.keys(said).map((name) => [name, Object.getOwnPropertyDescriptor(event, name)]);
  for (const [name] of own) {
    const method = event[name];
    // Node's would keep the event from ever being heard again. A class may have its own.
    const isNodes = method === Event.prototype.stopImmediatePropagation;
    const value = () => { said[name] = true; (isNodes ? Event.prototype.stopPropagation : method).call(event); };
    Reflect.defineProperty(event, name, { value, configurable: true }); // an event that is frozen says only cancelBubble
  }
  return {
    at: ({ options }) => said.stopImmediatePropagation || (!options.capture && (said.stopPropagation || (!wasStopped && event.cancelBubble))),
    end() {
      for (const [name, before] of own) {
        if (before === undefined) Reflect.deleteProperty(event, name);
        else Reflect.defineProperty(event, name, before);
      }
    },
  };
}
