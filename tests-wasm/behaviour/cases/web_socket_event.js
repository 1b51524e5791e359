import { dispatchEnded, throwsTypeError } from '../harness/web.js';

/** The events that a WebSocket fires, and their attributes. In a browser, the browser's own class is tested. */
export const webSocketEvents = [
  {
    name: 'open is a plain Event: its attributes during the dispatch and after it',
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/echo'));
      const event = await new Promise((resolve) => {
        socket.onopen = (it) => {
          t.same(stateOf(it), { type: 'open', eventPhase: 2, bubbles: false, cancelable: false, composed: false, defaultPrevented: false, returnValue: true, cancelBubble: false, isTrusted: true });
          t.ok([it.target, it.currentTarget, it.srcElement].every((target) => target === socket), 'the targets are the socket');
          t.ok(it.composedPath().length === 1 && it.composedPath()[0] === socket, 'the path is the socket');
          it.preventDefault();
          t.is(it.defaultPrevented, false, 'defaultPrevented of an event that cannot be cancelled');
          resolve(it);
        };
      });
      await dispatchEnded();
      t.is(event.constructor, Event);
      t.is(Object.prototype.toString.call(event), '[object Event]');
      t.same([event.target === socket, event.srcElement === socket, event.currentTarget, event.eventPhase, event.composedPath().length], [true, true, null, 0, 0]);
      if (!['deno', 'bun'].includes(t.engine)) t.ok(event.timeStamp > 0 && event.timeStamp <= performance.now() + 1, `timeStamp ${event.timeStamp}`);
      t.same([Event.NONE, event.AT_TARGET, event.CAPTURING_PHASE], [0, 2, 1]);
    },
  },
  {
    name: 'message is a MessageEvent: data, origin, and the attributes that stay empty',
    async run(t) {
      const url = t.peer('ws', '/greet', { count: 1 });
      const observed = t.socket(url);
      const event = await observed.until('message');
      t.ok(event instanceof MessageEvent && event.constructor === MessageEvent, 'a MessageEvent');
      t.is(Object.prototype.toString.call(event), '[object MessageEvent]');
      t.same([event.data, event.origin, event.lastEventId, event.source, event.isTrusted], ['0:', new URL(url).origin, '', null, true]);
      t.same([Array.isArray(event.ports), event.ports.length, Object.isFrozen(event.ports), event.ports === event.ports], [true, 0, true, true]);
      t.same([event.bubbles, event.cancelable, event.target === observed.socket], [false, false, true]);
    },
  },
  {
    name: 'close is a CloseEvent: wasClean, code, reason; readyState is 3 by then',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/close', { code: 4321, reason: 'that is all' }));
      const event = await observed.until('close');
      if (globalThis.CloseEvent) t.ok(event instanceof CloseEvent && event.constructor === CloseEvent, 'a CloseEvent');
      t.is(Object.prototype.toString.call(event), '[object CloseEvent]');
      t.is(event.constructor.name, 'CloseEvent');
      t.same([event.wasClean, event.code, event.reason, event.isTrusted, event.cancelable], [true, 4321, 'that is all', true, false]);
      t.same(observed.seen.map(({ type, readyState }) => [type, readyState]), [['open', 1], ['close', 3]]);
    },
  },
  {
    name: 'error is a plain Event, fired before close; readyState is 3 by then',
    async run(t) {
      const observed = t.socket(t.peer('refusing', '/'));
      await observed.until('close');
      const [{ event }] = observed.seen;
      t.is(event.constructor, Event);
      t.is(Object.prototype.toString.call(event), '[object Event]');
      t.same(observed.seen.map(({ type, readyState }) => [type, readyState]), [['error', 3], ['close', 3]]);
      t.same([event.isTrusted, event.bubbles, event.cancelable], [true, false, false]);
    },
  },
  {
    name: 'microtasks run after open, after the last message, before close, and between error and close',
    async run(t) {
      const log = [];
      const note = (socket) => {
        for (const type of ['open', 'message', 'error', 'close']) {
          socket.addEventListener(type, () => { log.push(type); Promise.resolve().then(() => null).then(() => null).then(() => log.push('microtasks')); });
        }
        return new Promise((resolve) => { socket.addEventListener('close', () => setTimeout(resolve)); });
      };
      await note(t.socket(t.peer('ws', '/close', { count: 1, code: 1000 })).socket);
      await note(t.socket(t.peer('refusing', '/')).socket);
      t.same(log, ['open', 'microtasks', 'message', 'microtasks', 'close', 'microtasks', 'error', 'microtasks', 'close', 'microtasks']);
    },
  },
  {
    name: 'events awaited one by one are all received, however closely they follow each other',
    async run(t) {
      const { WebSocket } = t.api;
      const socket = new WebSocket(t.peer('ws', '/close', { count: 5, code: 4001 })); // nothing else observes it
      const next = (type) => new Promise((resolve) => { socket.addEventListener(type, resolve, { once: true }); });
      await next('open');
      const heard = [];
      for (let at = 0; at < 5; at++) {
        heard.push((await next('message')).data);
        await null;
      }
      t.same([heard, (await next('close')).code], [[0, 1, 2, 3, 4].map((at) => `message ${at}`), 4001]);
      const handled = new WebSocket(t.peer('ws', '/close', { count: 3, code: 4002 }));
      const told = (name) => new Promise((resolve) => { handled[name] = (event) => { handled[name] = null; resolve(event); }; });
      await told('onopen');
      for (let at = 0; at < 3; at++) t.is((await told('onmessage')).data, `message ${at}`);
      t.is((await told('onclose')).code, 4002);
    },
  },
  {
    name: 'microtasks run between two messages that arrive together: onmessage can be replaced, and close() stops later messages',
    async run(t) {
      const { WebSocket } = t.api;
      const socket = new WebSocket(t.peer('ws', '/close', { count: 3, code: 4001 }));
      const next = () => new Promise((resolve) => { socket.onmessage = ({ data }) => resolve(data); });
      const heard = [];
      for (let at = 0; at < 3; at++) {
        heard.push(await next());
        if (at < 2) for (let hop = 0; hop < 5; hop++) await null; // all microtasks, not only the first
      }
      t.same(heard, ['message 0', 'message 1', 'message 2']);
      const closing = new WebSocket(t.peer('ws', '/close', { count: 3, code: 4001 }));
      const before = [];
      closing.onmessage = ({ data }) => {
        before.push(data);
        queueMicrotask(() => closing.close());
      };
      await new Promise((resolve) => { closing.onclose = resolve; });
      t.same(before, ['message 0']);
    },
  },
  {
    name: 'the attributes of an event are enumerable',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/greet', { count: 1 }));
      await observed.untilMessages(1);
      observed.socket.close();
      await observed.until('close');
      for (const [type, names] of [['open', []], ['message', ['data', 'origin', 'lastEventId', 'source', 'ports']], ['close', ['wasClean', 'code', 'reason']]]) {
        const { event } = observed.seen.find((it) => it.type === type);
        const listed = new Set();
        for (const name in event) listed.add(name);
        const missing = [...names, 'type', 'target', 'currentTarget', 'eventPhase', 'bubbles', 'cancelable', 'timeStamp', 'isTrusted'].filter((name) => !listed.has(name));
        t.same(missing, [], `of ${type}`);
      }
    },
  },
  {
    name: 'returnValue = false and initEvent do not change an event that is being dispatched',
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/greet', { count: 1 }));
      await new Promise((resolve) => {
        socket.onmessage = (event) => {
          event.returnValue = false;
          event.initEvent('other', true, true);
          t.same([event.defaultPrevented, event.returnValue, event.type, event.bubbles, event.cancelable, event.target === socket], [false, true, 'message', false, false, true]);
          resolve();
        };
      });
    },
  },
  {
    name: 'initEvent after the dispatch: the event is no longer trusted, and has no target',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/echo'));
      const event = await observed.until('open');
      await new Promise((resolve) => setTimeout(resolve)); // until the dispatch has ended
      event.initEvent('other', true, true);
      t.same([event.type, event.isTrusted, event.target], ['other', false, null]);
    },
  },
  {
    name: 'initMessageEvent sets what it is given, and does nothing during the dispatch',
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/greet', { count: 1 }));
      const event = await new Promise((resolve) => {
        socket.onmessage = (it) => {
          it.initMessageEvent('other', true, true, 'data');
          t.same([it.type, it.bubbles, it.data, it.isTrusted], ['message', false, '0:', true]);
          resolve(it);
        };
      });
      await new Promise((resolve) => setTimeout(resolve)); // until the dispatch has ended
      const { port1 } = new MessageChannel();
      throwsTypeError(() => event.initMessageEvent(), 'without arguments');
      throwsTypeError(() => event.initMessageEvent('other', true, true, 1, '', '', {}), 'a source that is none');
      t.same([event.type, event.data], ['message', '0:']);
      event.initMessageEvent('other', true, true, { x: 1 }, 'an origin', 5, port1, [port1]);
      t.same([event.type, event.bubbles, event.cancelable, event.data, event.origin, event.lastEventId], ['other', true, true, { x: 1 }, 'an origin', '5']);
      t.same([event.isTrusted, event.target, event.source === port1, event.ports.length, event.ports[0] === port1], [false, null, true, 1, true]);
      t.same([Object.isFrozen(event.ports), event.ports === event.ports, event.initMessageEvent.length], [true, true, 1]);
      event.initMessageEvent('again');
      t.same([event.type, event.data, event.origin, event.lastEventId, event.source, event.ports.length], ['again', null, '', '', null, 0]);
      port1.close();
    },
  },
  {
    name: 'each message has its own array of ports',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/greet', { count: 2 }));
      await observed.until('message', 2);
      const [one, other] = observed.seen.filter(({ type }) => type === 'message').map(({ event }) => event);
      t.same([one.ports === one.ports, one.ports === other.ports], [true, false]);
    },
  },
];

function stateOf({ type, eventPhase, bubbles, cancelable, composed, defaultPrevented, returnValue, cancelBubble, isTrusted }) {
  return { type, eventPhase, bubbles, cancelable, composed, defaultPrevented, returnValue, cancelBubble, isTrusted };
}
