// The events that a socket fires, and who hears them (DOM §2).
//
// They are the host's own events, and pass for its MessageEvent and CloseEvent. What dispatching sets, only the host's
// EventTarget can reach, which takes several times as long as all the rest: so a dispatch of our own, whose state these events hold.

import { report } from '../transport/listener.js';
import { illegal, isObject, requireArguments, toSignal, toUSVString } from './idl.js';

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

  stopPropagation() {
    this.#stopsPropagation = true;
    super.stopPropagation();
  }

  stopImmediatePropagation() {
    this.#stopsPropagation = this.#stopsImmediately = true;
    super.stopImmediatePropagation();
  }

  initEvent(...args) { if (!this.#isDispatched) super.initEvent(...args); }

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
    for (const listener of listeners.list) {
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

const NONE = [];
/** How most listeners are added; shared, because there are many. */
const PLAIN = { isHandler: false, capture: false, once: false, passive: false };
/** An event handler's. */
const HANDLER = { ...PLAIN, isHandler: true };

/** The event listener list of one target, and its event handlers (HTML §8.1.8.1). */
export class Listeners {
  /** In the order in which they were added; replaced when it changes: a dispatch goes on with the one it has begun with. */
  list = NONE;
  hasCapturing = false;

  /** addEventListener */
  add(type, callback, given) {
    const { signal, ...options } = flattened(given);
    callback = toCallback(callback, 'addEventListener');
    if (signal?.aborted || callback === null || this.#find(type, callback, options.capture) !== undefined) return;
    const isPlain = !options.capture && !options.once && !options.passive && signal === undefined;
    const listener = this.#append(type, callback, isPlain ? PLAIN : { ...PLAIN, ...options });
    this.hasCapturing ||= options.capture;
    if (signal === undefined) return;
    const onAbort = () => this.drop(listener);
    signal.addEventListener('abort', onAbort, { once: true });
    listener.options.forgetSignal = () => signal.removeEventListener('abort', onAbort);
  }

  /** removeEventListener */
  remove(type, callback, given) {
    const { capture } = flattened(given, false);
    const listener = this.#find(type, toCallback(callback, 'removeEventListener'), capture);
    if (listener !== undefined) this.drop(listener);
  }

  /** An event handler's value, or null. */
  handler(type) {
    return this.#handlerOf(type)?.callback ?? null;
  }

  /** Its place among the listeners is that of the first value; null gives the place up. */
  setHandler(type, value) {
    const callback = isObject(value) ? value : null;
    const listener = this.#handlerOf(type);
    if (listener === undefined) return void (callback !== null && this.#append(type, callback, HANDLER));
    if (callback === null) this.drop(listener);
    else listener.callback = callback;
  }

  #handlerOf(type) {
    return this.list.find((one) => one.type === type && one.options.isHandler);
  }

  #find(type, callback, capture) {
    return this.list.find((one) => one.type === type && one.callback === callback && one.options.capture === capture && !one.options.isHandler);
  }

  #append(type, callback, options) {
    const listener = { type, callback, options, isRemoved: false };
    this.list = [...this.list, listener];
    return listener;
  }

  drop(listener) {
    listener.isRemoved = true;
    listener.options.forgetSignal?.();
    this.list = this.list.filter((one) => one !== listener);
  }

  /** All of a type, in the order in which they are called. */
  of(type) {
    const all = this.list.filter((one) => one.type === type);
    return [...all.filter(({ options }) => options.capture), ...all.filter(({ options }) => !options.capture)];
  }

  /** Calls one listener. What it throws is reported, and stops nothing. */
  call(listener, event, target) {
    const { callback, options } = listener;
    if (options.once) this.drop(listener);
    const allowCancelling = options.passive ? forbidCancelling(event) : nothing;
    try {
      if (options.isHandler) {
        if (typeof callback === 'function' && callback.call(target, event) === false) event.preventDefault();
      } else if (typeof callback === 'function') callback.call(target, event);
      else handleEventOf(callback).call(callback, event);
    } catch (error) {
      report(error);
    } finally {
      allowCancelling();
    }
  }
}

const nothing = () => {};

/** A passive listener cannot cancel, which Node does not see to. Returns a function that allows it again. */
function forbidCancelling(event) {
  Object.defineProperty(event, 'preventDefault', { value: nothing, configurable: true });
  return () => delete event.preventDefault;
}

function handleEventOf(callback) {
  const { handleEvent } = callback;
  if (typeof handleEvent === 'function') return handleEvent;
  throw new TypeError('An event listener that is an object needs a method handleEvent.');
}

function toCallback(value, method) {
  if (value === null || value === undefined) return null;
  if (isObject(value)) return value;
  throw illegal(method, 'the listener is not an object.');
}

/** DOM's "flatten more", with Web IDL's order of reading. */
function flattened(options, more = true) {
  if (options === undefined || options === null) return { capture: false, once: false, passive: false };
  if (!isObject(options)) return { capture: Boolean(options), once: false, passive: false };
  const capture = Boolean(options.capture);
  if (!more) return { capture };
  const once = Boolean(options.once);
  const passive = Boolean(options.passive);
  return { capture, once, passive, signal: toSignal(options.signal, 'addEventListener') };
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
  const call = (it) => invokeAll(it, target, listeners);
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

/** One listener of the host's calls all of these: its own dispatch forgets the target behind the first, and warns of more than ten. */
function invokeAll(event, target, listeners) {
  let isStopped = false;
  const stopImmediatePropagation = () => {
    isStopped = true;
    Event.prototype.stopImmediatePropagation.call(event);
  };
  Object.defineProperty(event, 'stopImmediatePropagation', { value: stopImmediatePropagation, configurable: true });
  for (const listener of listeners.of(event.type)) {
    if (isStopped || (event.cancelBubble && !listener.options.capture)) break;
    if (!listener.isRemoved) listeners.call(listener, event, target);
  }
  delete event.stopImmediatePropagation;
}
