import { dispatchEnded, dispatched, throwsDOMException, throwsTypeError } from '../harness/web.js';

/** How events are dispatched, also those that a program makes (DOM §2.9). In a browser, the browser's own class is tested. */
export const webSocketDispatches = [
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
];
