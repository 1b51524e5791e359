import { throwsTypeError } from '../harness/web.js';

/** What Web IDL says about the WebSocket interface itself: its properties, their attributes, and what they do on another object. */
export const webSocketInterfaces = [
  {
    name: 'the interface object: name, length, prototypes',
    async run(t) {
      const { WebSocket } = t.api;
      t.same([WebSocket.name, WebSocket.length, typeof WebSocket], ['WebSocket', 1, 'function']);
      t.is(Object.getPrototypeOf(WebSocket), EventTarget);
      t.is(Object.getPrototypeOf(WebSocket.prototype), EventTarget.prototype);
      t.same(attributesOf(WebSocket, 'prototype'), { writable: false, enumerable: false, configurable: false });
      t.same(attributesOf(WebSocket.prototype, 'constructor'), { writable: true, enumerable: false, configurable: true });
      t.is(WebSocket.prototype.constructor, WebSocket);
      const { value, ...attributes } = Object.getOwnPropertyDescriptor(WebSocket.prototype, Symbol.toStringTag);
      t.same([value, attributes], ['WebSocket', { writable: false, enumerable: false, configurable: true }]);
      t.is(Object.prototype.toString.call(WebSocket.prototype), '[object WebSocket]');
    },
  },
  {
    name: 'the constants, on the interface and on its prototype',
    async run(t) {
      for (const holder of [t.api.WebSocket, t.api.WebSocket.prototype]) {
        for (const [name, value] of Object.entries({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 })) {
          t.is(holder[name], value, name);
          t.same(attributesOf(holder, name), { writable: false, enumerable: true, configurable: false }, name);
        }
      }
    },
  },
  ...Object.entries({
    url: false, readyState: false, bufferedAmount: false, extensions: false, protocol: false,
    binaryType: true, onopen: true, onmessage: true, onerror: true, onclose: true,
  }).map(([name, isWritable]) => ({
    name: `the attribute ${name}: an accessor on the prototype${isWritable ? '' : ', read-only'}, that works only on a WebSocket`,
    async run(t) {
      const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(t.api.WebSocket.prototype, name);
      t.same([enumerable, configurable, get.name, get.length], [true, true, `get ${name}`, 0]);
      t.is(typeof set, isWritable ? 'function' : 'undefined');
      if (isWritable) t.same([set.name, set.length], [`set ${name}`, 1]);
      for (const other of [{}, t.api.WebSocket.prototype, new EventTarget(), null, undefined, 5]) {
        // In a page, a `this` of null or undefined becomes the global object, which is not a WebSocket either.
        throwsTypeError(() => get.call(other), `reading ${name} of ${String(other)}`);
        if (isWritable) throwsTypeError(() => set.call(other, null), `writing ${name} of ${String(other)}`);
      }
      const { socket } = t.socket(t.peer('ws', '/echo'));
      t.is(Object.hasOwn(socket, name), false, 'an own property');
      if (isWritable) return;
      throwsTypeError(() => { 'use strict'; socket[name] = 5; }, `writing ${name}`);
    },
  })),
  ...Object.entries({ send: 1, close: 0 }).map(([name, length]) => ({
    name: `the method ${name}: a function on the prototype that is not a constructor and works only on a WebSocket`,
    async run(t) {
      const method = t.api.WebSocket.prototype[name];
      t.same(attributesOf(t.api.WebSocket.prototype, name), { writable: true, enumerable: true, configurable: true });
      t.same([method.name, method.length, Object.hasOwn(method, 'prototype')], [name, length, false]);
      throwsTypeError(() => new method('x'), 'new');
      for (const other of [{}, t.api.WebSocket.prototype, new EventTarget(), null, undefined]) throwsTypeError(() => method.call(other, 'x'), `${name} of ${String(other)}`);
    },
  })),
  {
    name: 'the methods of EventTarget keep their names and lengths',
    async run(t) {
      const { addEventListener, removeEventListener, dispatchEvent } = t.api.WebSocket.prototype;
      t.same([addEventListener.length, removeEventListener.length, dispatchEvent.length], [2, 2, 1]);
      t.same([addEventListener.name, removeEventListener.name, dispatchEvent.name], ['addEventListener', 'removeEventListener', 'dispatchEvent']);
    },
  },
  {
    name: 'for…in finds the members of the interface and of EventTarget, and no others',
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/echo'));
      const found = [];
      for (const name in socket) found.push(name);
      // A page's EventTarget may have more members by now (such as when), which do not concern this class.
      const inherited = Object.keys(EventTarget.prototype).sort();
      const own = Object.keys(t.api.WebSocket.prototype).filter((name) => !inherited.includes(name)).sort();
      t.same(own, ['CLOSED', 'CLOSING', 'CONNECTING', 'OPEN', 'binaryType', 'bufferedAmount', 'close', 'extensions', 'onclose', 'onerror', 'onmessage', 'onopen',
        'protocol', 'readyState', 'send', 'url']);
      t.same(found.filter((name) => !own.includes(name)).sort(), inherited);
    },
  },
  {
    name: 'no static properties except the constants',
    async run(t) {
      t.same(Reflect.ownKeys(t.api.WebSocket).map(String).sort(), ['CLOSED', 'CLOSING', 'CONNECTING', 'OPEN', 'length', 'name', 'prototype']);
    },
  },
];

function attributesOf(holder, name) {
  const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(holder, name);
  return { writable, enumerable, configurable };
}
