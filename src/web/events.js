// The events that a socket fires, and their dispatch (DOM §2).
//
// They are instances of the host's Event, and pass for its MessageEvent and CloseEvent. Only the host's EventTarget can set the state that a
// dispatch sets, and it takes several times as long as everything else. So the dispatch is our own, and these events hold its state.

import { illegal, requireArguments, toUSVString } from './idl.js';
import { isGone } from './listeners.js';

/** An event that the package fires: trusted, neither bubbling nor cancelable. */
class FiredEvent extends Event {
  #target = null;
  #isDispatched = false;
  #stopsPropagation = false;
  #stopsImmediately = false;

  // After our dispatch, anyone may dispatch the event again at another target. Then the host's values are right.
  get target() { return this.#isDispatched ? this.#target : super.target ?? this.#target; }
  get srcElement() { return this.target; }
  get currentTarget() { return this.#isDispatched ? this.#target : super.currentTarget; }
  get eventPhase() { return this.#isDispatched ? Event.AT_TARGET : super.eventPhase; }
  get isTrusted() { return this.#target !== null && super.target === null; }
  get cancelBubble() { return this.#stopsPropagation || super.cancelBubble; }
  set cancelBubble(value) { if (value) this.stopPropagation(); }

  get returnValue() { return super.returnValue; }
  set returnValue(_) { /* it cannot be cancelled */ }

  composedPath() { return this.#isDispatched ? [this.#target] : super.composedPath(); }

  // Node never clears its own flags, while DOM clears them after the dispatch.
  stopPropagation() {
    if (this.#isDispatched) this.#stopsPropagation = true;
    else super.stopPropagation();
  }

  stopImmediatePropagation() {
    if (this.#isDispatched) this.#stopsPropagation = this.#stopsImmediately = true;
    else super.stopImmediatePropagation();
  }

  initEvent(...args) {
    if (this.#isDispatched) return;
    super.initEvent?.(...args); // Deno has none
    this.#target = null;
  }

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

  /** Calls the listeners that are there now. One that is added meanwhile is not called, nor is one that is removed. */
  #invoke(type, listeners, capture) {
    const { list } = listeners;
    const { length } = list;
    for (let at = 0; at < length; at++) {
      const listener = list[at];
      if (listener.type !== type || listener.options.capture !== capture || isGone(listener)) continue;
      listeners.call(listener, this, this.#target);
      if (this.#stopsImmediately) return;
    }
  }
}

class FiredMessageEvent extends FiredEvent {
  #data;
  #origin;
  /** What `initMessageEvent` has set, and `ports` once it was read. */
  #rest = null;

  constructor(data, origin) {
    super('message');
    this.#data = data;
    this.#origin = origin;
  }

  get data() { return this.#data; }
  get origin() { return this.#origin; }
  get lastEventId() { return this.#rest?.lastEventId ?? ''; }
  get source() { return this.#rest?.source ?? null; }
  get ports() { return (this.#rest ??= { ports: Object.freeze([]) }).ports; }

  initMessageEvent(type, bubbles = false, cancelable = false, data = null, origin = '', lastEventId = '', source = null, ports = []) {
    requireArguments('initMessageEvent', arguments.length, 1);
    const init = new MessageEvent(type, { origin, lastEventId, source, ports }); // converts them
    if (FiredEvent.isDispatched(this)) return;
    this.initEvent(init.type, bubbles, cancelable);
    this.#data = data;
    this.#origin = init.origin;
    this.#rest = { lastEventId: init.lastEventId, source: init.source, ports: Object.freeze([...init.ports]) };
  }
}

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

/** For a host that has no CloseEvent, such as Node before version 23. */
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

// DOM has these constants on each event too. Node has them only on its class.
for (const name of ['NONE', 'CAPTURING_PHASE', 'AT_TARGET', 'BUBBLING_PHASE']) {
  Object.defineProperty(FiredEvent.prototype, name, { value: Event[name], enumerable: true });
}

/** Makes the events of a class pass for those of a host's class: `instanceof`, `constructor`, `Object.prototype.toString`. */
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

// Done with the first event: Node loads its MessageEvent and CloseEvent when they are first named, which takes longer than loading this package.
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
 * dispatchEvent, for an event that anyone may have made. It is the host's own dispatch, over these listeners.
 * `host` has the host's methods, bound to the target.
 */
export function dispatchForeign(event, target, listeners, host) {
  requireArguments('dispatchEvent', event === undefined ? 0 : 1, 1);
  if (!(event instanceof Event)) throw illegal('dispatchEvent', 'the argument is not an Event.');
  if (FiredEvent.isDispatched(event)) throw new DOMException('The event is being dispatched already.', 'InvalidStateError');
  const isFirst = !FiredEvent.isOne(event) && !dispatched.has(event);
  dispatched.add(event);
  // A listener may dispatch another event of this type meanwhile.
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

/** The events that were dispatched before. Node never clears the propagation flags that their listeners have set. */
const dispatched = new WeakSet();

/** Calls all listeners from one listener of the host, whose own dispatch forgets the target after the first, and warns about more than ten. */
function invokeAll(event, target, listeners, isFirst) {
  if (isFirst && event.cancelBubble) return; // stopped before the dispatch
  const stopped = watchPropagation(event);
  for (const capture of [true, false]) {
    for (const listener of listeners.of(event.type, capture)) {
      if (stopped.at(listener)) break;
      if (!isGone(listener)) listeners.call(listener, event, target);
    }
  }
  stopped.end();
}

/** Watches whether the event's listeners stop its propagation. `at` returns whether a listener must not be called any more. */
function watchPropagation(event) {
  const said = { stopPropagation: false, stopImmediatePropagation: false };
  const wasStopped = event.cancelBubble;
  const own = Object.keys(said).map((name) => [name, Object.getOwnPropertyDescriptor(event, name)]);
  for (const [name] of own) {
    const method = event[name];
    // Node's method would keep the event from ever reaching a listener again. A class may have its own method.
    const isNodes = method === Event.prototype.stopImmediatePropagation;
    const value = () => { said[name] = true; (isNodes ? Event.prototype.stopPropagation : method).call(event); };
    Reflect.defineProperty(event, name, { value, configurable: true }); // for a frozen event, only cancelBubble tells
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
