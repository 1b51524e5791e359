import { throwsDOMException, throwsTypeError } from '../harness/web.js';

/** The events that a WebSocket fires, and how they are dispatched (DOM §2). In a browser, the browser's own class is tested. */
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
    name: 'listeners are called in the order they were added, capturing ones first, with the socket as this',
    run: (t) => dispatched(t, (socket, log) => {
      socket.addEventListener('open', function first() { log.push(this === socket ? 'first' : 'wrong this'); });
      socket.addEventListener('open', () => log.push('captures'), true);
      socket.onopen = function handler() { log.push(this === socket ? 'handler' : 'wrong this'); };
      socket.addEventListener('open', () => log.push('captures too'), { capture: true });
      socket.addEventListener('open', () => log.push('last'), { capture: 0 });
    }, ['captures', 'captures too', 'first', 'handler', 'last']),
  },
  {
    name: 'a listener added twice is called once; with and without capture, it counts as two',
    run: (t) => dispatched(t, (socket, log) => {
      const listener = () => log.push('it');
      for (const capture of [false, true, undefined, { capture: false }, { capture: true }, 1, 0, null, '']) socket.addEventListener('open', listener, capture);
    }, ['it', 'it']),
  },
  {
    name: 'a removed listener is not called; it is removed only if capture matches',
    run: (t) => dispatched(t, (socket, log) => {
      const [removed, kept, captures] = ['removed', 'kept', 'captures'].map((name) => () => log.push(name));
      socket.addEventListener('open', removed, { once: true });
      socket.removeEventListener('open', removed);
      socket.addEventListener('open', kept);
      socket.removeEventListener('open', kept, true);
      socket.removeEventListener('message', kept);
      socket.removeEventListener('open', () => {});
      socket.removeEventListener('open', null);
      socket.addEventListener('open', captures, true);
      socket.removeEventListener('open', captures, { capture: true, once: true });
    }, ['kept']),
  },
  {
    name: 'a listener added during the dispatch waits for the next event; one removed during the dispatch is no longer called',
    run: (t) => dispatched(t, (socket, log) => {
      const removed = () => log.push('removed');
      socket.addEventListener('open', () => {
        log.push('first');
        socket.addEventListener('open', () => log.push('added'));
        socket.removeEventListener('open', removed);
      });
      socket.addEventListener('open', removed);
      socket.addEventListener('open', () => log.push('last'));
    }, ['first', 'last']),
  },
  {
    name: 'a listener removed and added again during the dispatch counts as a new one',
    run: (t) => dispatched(t, (socket, log) => {
      const again = () => log.push('again');
      socket.addEventListener('open', () => {
        socket.removeEventListener('open', again);
        socket.addEventListener('open', again);
      });
      socket.addEventListener('open', again);
    }, []),
  },
  {
    name: 'once: the listener is removed before it is called',
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/greet', { count: 3 }));
      const log = [];
      const once = () => {
        log.push('once');
        if (log.length === 1) socket.addEventListener('message', once, { once: true });
      };
      socket.addEventListener('message', once, { once: true });
      await new Promise((resolve) => { socket.addEventListener('message', ({ data }) => { if (data instanceof Blob) socket.addEventListener('message', resolve); }); });
      t.same(log, ['once', 'once']);
    },
  },
  {
    name: 'passive: this listener cannot cancel the event',
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/echo'));
      socket.addEventListener('x', (event) => event.preventDefault(), { passive: true });
      t.is(socket.dispatchEvent(new Event('x', { cancelable: true })), true);
      socket.addEventListener('x', (event) => { event.returnValue = false; }, { passive: true });
      t.is(socket.dispatchEvent(new Event('x', { cancelable: true })), true);
      socket.addEventListener('x', (event) => event.preventDefault());
      t.is(socket.dispatchEvent(new Event('x', { cancelable: true })), false);
    },
  },
  {
    name: 'signal: aborting it removes the listener, even during a dispatch; with an aborted signal, no listener is added',
    run: (t) => dispatched(t, (socket, log) => {
      const [before, within] = [new AbortController(), new AbortController()];
      socket.addEventListener('open', () => log.push('before'), { signal: before.signal });
      socket.addEventListener('open', () => log.push('aborted'), { signal: AbortSignal.abort() });
      before.abort();
      socket.addEventListener('open', () => { log.push('aborts'); within.abort(); });
      socket.addEventListener('open', () => log.push('within'), { signal: within.signal });
      socket.addEventListener('open', () => log.push('lives'), { signal: new AbortController().signal });
    }, ['aborts', 'lives']),
  },
  {
    name: 'signal: the listener is removed even if another listener stops the abort event',
    run: (t) => dispatched(t, (socket, log) => {
      const controller = new AbortController();
      controller.signal.addEventListener('abort', (event) => event.stopImmediatePropagation());
      socket.addEventListener('open', () => log.push('gone'), { signal: controller.signal });
      controller.abort();
      socket.addEventListener('open', () => log.push('there'));
    }, ['there']),
  },
  {
    name: 'signal: the listener is gone before any listener of the abort event runs, and can be added again there',
    run: (t) => dispatched(t, (socket, log) => {
      const [first, second] = [new AbortController(), new AbortController()];
      const [gone, again] = [() => log.push('gone'), () => log.push('again')];
      first.signal.onabort = () => socket.dispatchEvent(new Event('open'));
      socket.addEventListener('open', gone, { signal: first.signal });
      first.abort();
      second.signal.addEventListener('abort', () => socket.addEventListener('open', again));
      socket.addEventListener('open', again, { signal: second.signal });
      second.abort();
    }, ['again']),
  },
  {
    name: 'stopping propagation applies to one dispatch only',
    hosts: ['node'], // Chromium keeps it for the next dispatch
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      const log = [];
      socket.addEventListener('x', (it) => { log.push('captures'); it[it.cancelable ? 'stopPropagation' : 'stopImmediatePropagation'](); }, true);
      socket.addEventListener('x', () => log.push('behind'));
      for (const cancelable of [true, false]) {
        const event = new Event('x', { cancelable });
        for (let times = 0; times < 2; times++) socket.dispatchEvent(event);
      }
      t.same(log, ['captures', 'captures', 'captures', 'captures']);
      const before = new Event('x');
      before.stopPropagation();
      socket.dispatchEvent(before);
      t.is(log.length, 4, 'calls for an event that was stopped before its dispatch');
    },
  },
  {
    name: 'one of the package\'s own events that was stopped is received when it is dispatched again',
    hosts: ['node'],
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/greet', { count: 1 }));
      const event = await new Promise((resolve) => { socket.onmessage = (it) => { it.stopPropagation(); resolve(it); }; });
      await dispatchEnded();
      socket.onmessage = null;
      t.is(event.cancelBubble, false);
      let heard = 0;
      socket.addEventListener('message', () => { heard++; });
      t.same([socket.dispatchEvent(event), heard], [true, 1]);
    },
  },
  {
    name: 'a non-extensible event, and one whose class overrides stopImmediatePropagation, are dispatched like others',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      const log = [];
      socket.addEventListener('x', (event) => { log.push('first'); if (Object.isExtensible(event)) event.stopImmediatePropagation(); });
      class Noting extends Event {
        stopImmediatePropagation() {
          log.push('noted');
          super.stopImmediatePropagation();
        }
      }
      socket.dispatchEvent(Object.preventExtensions(new Event('x')));
      socket.addEventListener('x', () => log.push('second'));
      socket.dispatchEvent(new Noting('x'));
      t.same(log, ['first', 'first', 'noted']);
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
    name: 'stopImmediatePropagation ends the dispatch; stopPropagation keeps the event from listeners that do not capture',
    async run(t) {
      await dispatched(t, (socket, log) => {
        socket.addEventListener('open', (event) => { log.push('stops'); event.stopImmediatePropagation(); t.is(event.cancelBubble, true); });
        socket.onopen = () => log.push('handler');
      }, ['stops']);
      await dispatched(t, (socket, log) => {
        socket.addEventListener('open', (event) => { log.push('stops'); event.stopPropagation(); }, true);
        socket.addEventListener('open', () => log.push('captures'), true);
        socket.onopen = () => log.push('handler');
      }, ['stops', 'captures']);
      await dispatched(t, (socket, log) => {
        socket.addEventListener('open', (event) => { log.push('stops'); event.cancelBubble = false; event.cancelBubble = true; });
        socket.onopen = () => log.push('handler');
      }, ['stops', 'handler']);
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
    name: 'a listener object: handleEvent is read at each event and called on the object',
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/greet', { count: 3 }));
      const log = [];
      const listener = { name: 'mine', get handleEvent() { log.push('read'); return function handle() { log.push(this.name); }; } };
      socket.addEventListener('message', listener);
      t.same(log, [], 'handleEvent when it was added');
      await new Promise((resolve) => { socket.addEventListener('message', () => log.length === 6 && resolve()); });
      t.same(log, ['read', 'mine', 'read', 'mine', 'read', 'mine']);
    },
  },
  {
    name: 'a function with a handleEvent property is called itself',
    run: (t) => dispatched(t, (socket, log) => {
      socket.addEventListener('open', Object.assign(() => log.push('function'), { handleEvent() { log.push('handleEvent'); } }));
    }, ['function']),
  },
  {
    name: 'an exception in a listener is reported, and the others are called: functions, handlers, a missing or throwing handleEvent',
    async run(t) {
      const uncaught = t.uncaught();
      try {
        await dispatched(t, (socket, log) => {
          socket.addEventListener('open', () => { log.push('throws'); throw new RangeError('listener'); });
          socket.onopen = () => { log.push('handler'); throw new RangeError('handler'); };
          socket.addEventListener('open', {});
          socket.addEventListener('open', { handleEvent: 5 });
          socket.addEventListener('open', { get handleEvent() { throw new RangeError('getter'); } });
          socket.addEventListener('open', () => log.push('last'));
        }, ['throws', 'handler', 'last']);
        await t.roundTrip();
        t.same(uncaught.errors.map(({ name, message }) => (name === 'RangeError' ? message : name)), ['listener', 'handler', 'TypeError', 'TypeError', 'getter']);
      } finally {
        uncaught.stop();
      }
    },
  },
  {
    name: 'dispatchEvent: listeners and handlers receive the program\'s own events, which are not trusted',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      const log = [];
      socket.onmessage = (event) => log.push(['handler', event.data, event.isTrusted, event.target === socket, event.currentTarget === socket, event.eventPhase]);
      socket.addEventListener('message', (event) => log.push(['listener', event.data]));
      socket.addEventListener('own', { handleEvent: (event) => log.push([event.type]) }, { once: true });
      const event = new MessageEvent('message', { data: 'by hand' });
      t.is(socket.dispatchEvent(event), true);
      t.same([socket.dispatchEvent(new Event('own')), socket.dispatchEvent(new Event('own'))], [true, true]);
      t.same(log, [['handler', 'by hand', false, true, true, 2], ['listener', 'by hand'], ['own']]);
      t.same([event.target === socket, event.currentTarget, event.eventPhase], [true, null, 0]);
      t.is(socket.readyState, 0, 'readyState after an event that was not the package\'s own');
      socket.onmessage = null;
    },
  },
  {
    name: 'dispatchEvent with a handler that returns false and listeners that throw, are removed, are added, or stop the event',
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/echo'));
      const uncaught = t.uncaught();
      const log = [];
      try {
        socket.onopen = () => false;
        t.is(socket.dispatchEvent(new Event('open', { cancelable: true })), false, 'the handler returned false');
        socket.onopen = null;
        const removed = () => log.push('removed');
        socket.addEventListener('x', () => { log.push('throws'); throw new RangeError('thrown'); });
        socket.addEventListener('x', () => { socket.removeEventListener('x', removed); socket.addEventListener('x', () => log.push('added')); }, { once: true });
        socket.addEventListener('x', removed);
        socket.addEventListener('x', (event) => { if (event.cancelable) event.stopImmediatePropagation(); log.push('stops'); });
        socket.addEventListener('x', () => log.push('behind'));
        t.is(socket.dispatchEvent(new Event('x')), true);
        t.is(socket.dispatchEvent(new Event('x', { cancelable: true })), true);
        t.same(log, ['throws', 'stops', 'behind', 'throws', 'stops']);
        await t.roundTrip();
        t.same(uncaught.errors.map(({ message }) => message), ['thrown', 'thrown']);
      } finally {
        uncaught.stop();
      }
    },
  },
  {
    name: 'dispatchEvent: a listener that a capturing one adds, or removes and adds, is called once',
    async run(t) {
      const { socket } = await t.openSocket(t.peer('ws', '/echo'));
      const log = [];
      const again = () => log.push('again');
      socket.addEventListener('x', again);
      socket.addEventListener('x', () => {
        log.push('capturing');
        socket.removeEventListener('x', again);
        socket.addEventListener('x', again);
        socket.addEventListener('x', () => log.push('added'));
        socket.addEventListener('x', () => log.push('capturing, too late'), true);
      }, true);
      socket.dispatchEvent(new Event('x'));
      t.same(log, ['capturing', 'again', 'added']);
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
  {
    name: 'dispatchEvent of a non-event: TypeError; of an event that is being dispatched: InvalidStateError',
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/greet', { count: 1 }));
      for (const args of [[], [null], [undefined], [{}], ['open'], [{ type: 'open' }], [Object.create(Event.prototype)]]) throwsTypeError(() => socket.dispatchEvent(...args), `dispatchEvent(${args.map(String)})`);
      const event = await new Promise((resolve) => {
        socket.onmessage = (it) => {
          throwsDOMException('InvalidStateError', () => socket.dispatchEvent(it), 'the socket\'s own');
          // Node's own targets cannot know that it is being dispatched.
          if (t.host === 'browser') throwsDOMException('InvalidStateError', () => new EventTarget().dispatchEvent(it), 'the socket\'s own, at another target');
          resolve(it);
        };
      });
      await dispatchEnded();
      socket.onmessage = null;
      socket.addEventListener('x', (it) => throwsDOMException('InvalidStateError', () => socket.dispatchEvent(it), 'by hand'));
      t.is(socket.dispatchEvent(new Event('x')), true);
      const heard = new Promise((resolve) => { socket.addEventListener('message', (it) => resolve([it === event, it.data, it.isTrusted, it.eventPhase])); });
      t.is(socket.dispatchEvent(event), true);
      t.same(await heard, [true, '0:', false, 2], 'the same event, dispatched again');
      const other = new EventTarget();
      other.addEventListener('message', (it) => t.ok(it.target === other && it.currentTarget === other && it.composedPath()[0] === other, 'the other target'));
      t.is(other.dispatchEvent(event), true);
      t.ok(event.target === other && event.currentTarget === null, 'the target afterwards');
    },
  },
  {
    name: 'an event dispatched during the dispatch of another of its type: each is received once',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      const log = [];
      socket.onmessage = ({ data }) => log.push(data);
      socket.addEventListener('message', ({ data }) => { if (data === 'outer') socket.dispatchEvent(new MessageEvent('message', { data: 'inner' })); });
      socket.dispatchEvent(new MessageEvent('message', { data: 'outer' }));
      t.same(log, ['outer', 'inner']);
      socket.onmessage = null;
    },
  },
  {
    name: 'an event dispatched during the dispatch of another of a different type: both dispatches complete',
    async run(t) {
      const { socket } = t.socket(t.peer('ws', '/echo'));
      const log = [];
      await new Promise((resolve) => {
        socket.addEventListener('open', () => { log.push('before'); socket.dispatchEvent(new Event('inner')); log.push('after'); });
        socket.addEventListener('open', (event) => { log.push(`${event.type} ${event.eventPhase}`); resolve(); });
        socket.addEventListener('inner', (event) => log.push(event.type));
      });
      t.same(log, ['before', 'inner', 'after', 'open 2']);
    },
  },
  {
    name: 'addEventListener and removeEventListener: required arguments, refused arguments, and the order of reading options',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      for (const method of ['addEventListener', 'removeEventListener']) {
        for (const args of [[], ['x'], [Symbol('x'), () => {}], ['x', 5], ['x', 'text'], ['x', true], ['x', Symbol('x')]]) throwsTypeError(() => socket[method](...args), `${method}(${args.map(String)})`);
        t.is(socket[method]('x', null), undefined);
        t.is(socket[method]('x', undefined, { signal: new AbortController().signal }), undefined);
      }
      for (const signal of [null, 5, {}, 'x']) throwsTypeError(() => socket.addEventListener('x', () => {}, { signal }), `the signal ${signal}`);
      const log = [];
      const options = new Proxy({}, { get(_, name) { log.push(name); return undefined; } });
      if (t.host === 'node') {
        for (const method of ['addEventListener', 'removeEventListener']) throwsTypeError(() => socket[method]('x', 5, options), method);
        t.same(log, [], 'an invalid callback is refused before the options are read');
      }
      socket.addEventListener('x', () => {}, options);
      t.same(log, ['capture', 'once', 'passive', 'signal']);
      log.length = 0;
      socket.removeEventListener('x', () => {}, options);
      t.same(log, ['capture']);
      // The type is a string like any other.
      let heard = 0;
      socket.addEventListener({ toString: () => 'null' }, () => { heard += 1; });
      socket.dispatchEvent(new Event(null));
      t.is(heard, 1);
    },
  },
  {
    name: 'many listeners on one socket: no warning',
    hosts: ['node'],
    async run(t) {
      const warnings = [];
      const listen = (warning) => warnings.push(String(warning));
      process.on('warning', listen);
      const { socket } = t.socket(t.peer('ws', '/echo'));
      let heard = 0;
      for (let at = 0; at < 30; at++) for (const type of ['open', 'x']) socket.addEventListener(type, () => { heard += 1; });
      socket.dispatchEvent(new Event('x'));
      await new Promise((resolve) => { socket.addEventListener('open', resolve); });
      await t.roundTrip();
      process.off('warning', listen);
      t.same([heard, warnings], [60, []]);
    },
  },
];

/** In a page, microtasks run after each listener, before the other listeners are called. So this waits for a task. */
const dispatchEnded = () => new Promise((resolve) => { setTimeout(resolve); });

/** Prepares a socket, and checks what its open event logged. */
async function dispatched(t, prepare, expected) {
  const { socket } = t.socket(t.peer('ws', '/echo'));
  const log = [];
  prepare(socket, log);
  await new Promise((resolve) => { socket.addEventListener('message', resolve); socket.addEventListener('open', () => socket.send('x'), true); });
  t.same(log, expected);
}

function stateOf({ type, eventPhase, bubbles, cancelable, composed, defaultPrevented, returnValue, cancelBubble, isTrusted }) {
  return { type, eventPhase, bubbles, cancelable, composed, defaultPrevented, returnValue, cancelBubble, isTrusted };
}
