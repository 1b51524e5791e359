import { dispatched, throwsTypeError } from '../harness/web.js';

/** The listeners of a WebSocket: addEventListener, removeEventListener and their options (DOM §2.7). In a browser, the browser's own class is tested. */
export const webSocketListeners = [
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
