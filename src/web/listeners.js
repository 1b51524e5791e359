// The event listeners and event handlers of one socket (DOM §2.7, HTML §8.1.8.1).

import { whenAborted } from 'build:web-host';
import { report } from '../transport/listener.js';
import { illegal, isObject, toSignal } from './idl.js';

const NONE = [];
/** The options of most listeners. They share one object, because there are many. */
const PLAIN = { isHandler: false, capture: false, once: false, passive: false, signal: undefined };
/** The options of an event handler. */
const HANDLER = { ...PLAIN, isHandler: true };

/** The event listener list of one target, and its event handlers (HTML §8.1.8.1). */
export class Listeners {
  /**
   * The listeners in the order in which they were added, including some that were removed. A dispatch keeps the array and the length that it began
   * with: what is added goes behind that length, and when many have been removed, a new array takes over.
   */
  list = NONE;
  #removed = 0;
  hasCapturing = false;
  /** The target fires nothing more by itself. */
  #hasEnded = false;

  /** addEventListener */
  add(type, callback, given) {
    callback = toCallback(callback, 'addEventListener');
    const options = flattened(given);
    const { signal } = options;
    if (signal?.aborted || callback === null || this.#find(type, callback, options.capture) !== undefined) return;
    const isPlain = !options.capture && !options.once && !options.passive && signal === undefined;
    const listener = this.#append(type, callback, isPlain ? PLAIN : { ...PLAIN, ...options });
    this.hasCapturing ||= options.capture;
    if (signal === undefined || this.#hasEnded) return;
    listener.options.forgetSignal = whenAborted(signal, () => this.drop(listener)); // isGone knows of it earlier
  }

  /** From now on, no signal keeps a listener in memory, and so the target. An aborted signal still removes its listeners (isGone). */
  end() {
    this.#hasEnded = true;
    for (const { options } of this.list) options.forgetSignal?.();
  }

  /** removeEventListener */
  remove(type, callback, given) {
    callback = toCallback(callback, 'removeEventListener');
    const listener = this.#find(type, callback, flattened(given, false).capture);
    if (listener !== undefined) this.drop(listener);
  }

  /** An event handler's value, or null. */
  handler(type) {
    return this.#handlerOf(type)?.callback ?? null;
  }

  /** Sets an event handler. Its place among the listeners is that of its first value; null gives up the place. */
  setHandler(type, value) {
    const callback = isObject(value) ? value : null;
    const listener = this.#handlerOf(type);
    if (listener === undefined) return void (callback !== null && this.#append(type, callback, HANDLER));
    if (callback === null) this.drop(listener);
    else listener.callback = callback;
  }

  #handlerOf(type) {
    return this.list.find((one) => one.type === type && one.options.isHandler && !one.isRemoved);
  }

  #find(type, callback, capture) {
    return this.list.find((one) =>
      one.callback === callback && one.type === type && one.options.capture === capture && !one.options.isHandler && !isGone(one));
  }

  #append(type, callback, options) {
    const listener = { type, callback, options, isRemoved: false };
    if (this.list === NONE) this.list = [];
    this.list.push(listener);
    return listener;
  }

  drop(listener) {
    if (listener.isRemoved) return;
    listener.isRemoved = true;
    listener.callback = null;
    listener.options.forgetSignal?.();
    this.#removed += 1;
    if (this.#removed * 2 < this.list.length) return;
    this.list = this.list.filter((one) => !one.isRemoved);
    this.#removed = 0;
  }

  /** The listeners of a type that are there now, in the order in which they are called: the capturing ones, or the others. */
  of(type, capture) {
    return this.list.filter((one) => one.type === type && one.options.capture === capture && !isGone(one));
  }

  /** Calls one listener. What it throws is reported and stops nothing else. */
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

/** Whether the listener was removed. Its signal removes it before any listener of the event `abort` runs (DOM, "signal abort"). */
export const isGone = ({ isRemoved, options: { signal } }) => isRemoved || (signal !== undefined && signal.aborted);

const nothing = () => {};

/** Keeps a passive listener from cancelling the event, which Node does not do. Returns a function that allows it again. */
function forbidCancelling(event) {
  const isCancelled = event.defaultPrevented;
  Reflect.defineProperty(event, 'preventDefault', { value: nothing, configurable: true });
  Reflect.defineProperty(event, 'returnValue', { get: () => !isCancelled, set: nothing, configurable: true });
  return () => {
    Reflect.deleteProperty(event, 'preventDefault');
    Reflect.deleteProperty(event, 'returnValue');
  };
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
  if (!isObject(options)) return { capture: Boolean(options), once: false, passive: false, signal: undefined };
  const capture = Boolean(options.capture);
  if (!more) return { capture };
  const once = Boolean(options.once);
  const passive = Boolean(options.passive);
  return { capture, once, passive, signal: toSignal(options.signal, 'addEventListener') };
}
