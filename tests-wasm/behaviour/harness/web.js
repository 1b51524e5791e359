import { fail, is, show } from './assert.js';

/**
 * One observed WebSocket of the package under test. Every event is recorded as it comes, with the socket's readyState at that time.
 * In a browser it is the browser's own class, so the browser checks each case as well.
 */
export class Observed {
  /** { type, event, readyState }, in order. */
  seen = [];
  #waiting = new Set();

  constructor(WebSocket, url, more) {
    this.socket = new WebSocket(url, ...more);
    for (const type of TYPES) {
      this.socket.addEventListener(type, (event) => {
        if (isByHand(event)) return;
        this.seen.push({ type, event, readyState: this.socket.readyState });
        // The waiting case is woken later, so that it continues after all listeners, never between them.
        Promise.resolve().then(() => [...this.#waiting].forEach((look) => look()));
      }, true);
    }
  }

  get types() {
    return this.seen.map(({ type }) => type);
  }

  /** The data of the messages, in order. */
  get data() {
    return this.seen.filter(({ type }) => type === 'message').map(({ event }) => event.data);
  }

  /** The `count`-th event of this type, once it has been dispatched. */
  until(type, count = 1) {
    return new Promise((resolve, reject) => {
      const look = () => {
        const all = this.seen.filter((one) => one.type === type);
        if (all.length < count) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(all[count - 1].event);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(failure(`waited ${DEADLINE} ms for ${count} × ${type} of ${this.socket.url}, which had ${show(this.types)}`));
      }, DEADLINE);
      this.#waiting.add(look);
      look();
    });
  }

  /** The data of the messages, once there are at least `count`. */
  async untilMessages(count) {
    await this.until('message', count);
    return this.data;
  }

  /** Closes the socket, if nothing else has, and checks the order of its events: open and messages, an error, one close. */
  async finish() {
    this.socket.close();
    await this.until('close');
    const order = this.types.join(' ').replace(/(?<=^open(?: message)*) message/g, '');
    if (!/^(open )?(error )?close$/.test(order)) fail(`the events of ${this.socket.url} came in the order ${show(this.types)}`);
    const { event: { wasClean } } = this.seen.at(-1);
    // Firefox's own class may fire error before a clean close, if close() is called as the server's answer arrives.
    if (wasClean && globalThis.document === undefined) is(this.types.includes('error'), false, `error before a clean close, where the events are ${this.types}`);
  }
}

/** Whether the case itself has dispatched the event. In Bun, the package's events cannot be trusted either, but they have their own prototype. */
function isByHand(event) {
  return !event.isTrusted && [Event, MessageEvent, globalThis.CloseEvent].some((it) => it?.prototype === Object.getPrototypeOf(event));
}

/** The DOMException of this name that `run` throws. */
export function throwsDOMException(name, run, what = 'the call') {
  const thrown = thrownBy(run, what);
  if (!(thrown instanceof DOMException)) fail(`${what} threw ${show(thrown)}, not a DOMException`);
  is(thrown.name, name, `${what}: the name of the DOMException`);
  return thrown;
}

/** The TypeError that `run` throws. */
export function throwsTypeError(run, what = 'the call') {
  const thrown = thrownBy(run, what);
  if (!(thrown instanceof TypeError)) fail(`${what} threw ${show(thrown)}, not a TypeError`);
  return thrown;
}

/** Whatever `run` throws. */
export function thrownBy(run, what = 'the call') {
  try {
    run();
  } catch (error) {
    return error;
  }
  return fail(`${what} threw nothing`);
}

/** The reason that the promise is rejected with. */
export async function rejectionOf(promise, what = 'the promise') {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  return fail(`${what} was fulfilled with ${show(value)}`);
}

/** An object that logs each conversion to a string. */
export const noting = (log, name, text) => ({ toString() { log.push(name); return text; } });

/** Closes the stream, if nothing else has, and waits until it is closed. */
export async function finishStream(stream) {
  stream.close();
  await settled(stream.closed, `closed of ${stream.url}`);
  await settled(stream.opened, `opened of ${stream.url}`);
}

/** Waits until the promise is settled, either way. */
export async function settled(promise, what) {
  let timer;
  const tooLate = new Promise((resolve, reject) => { timer = setTimeout(() => reject(failure(`waited ${DEADLINE} ms for ${what}`)), DEADLINE); });
  try {
    await Promise.race([promise.then(() => {}, () => {}), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** The state of the promise now: 'pending', 'fulfilled' or 'rejected'. */
export async function stateOf(promise) {
  const pending = {};
  try {
    return await Promise.race([promise, pending]) === pending ? 'pending' : 'fulfilled';
  } catch {
    return 'rejected';
  }
}

function failure(message) {
  try {
    return fail(message);
  } catch (error) {
    return error;
  }
}

const TYPES = ['open', 'message', 'error', 'close'];
const DEADLINE = 10_000;

/** Prepares a socket, and checks what its open event logged. */
export async function dispatched(t, prepare, expected) {
  const { socket } = t.socket(t.peer('ws', '/echo'));
  const log = [];
  prepare(socket, log);
  await new Promise((resolve) => { socket.addEventListener('message', resolve); socket.addEventListener('open', () => socket.send('x'), true); });
  t.same(log, expected);
}

/** In a page, microtasks run after each listener, before the other listeners are called. So this waits for a task. */
export const dispatchEnded = () => new Promise((resolve) => { setTimeout(resolve); });
