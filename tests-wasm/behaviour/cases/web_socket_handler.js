/** The event handlers onopen, onmessage, onerror and onclose (HTML §8.1.8.1). In a browser, the browser's own class is tested. */
export const webSocketHandlers = [
  ...['onopen', 'onmessage', 'onerror', 'onclose'].map((name) => ({
    name: `${name} accepts functions and objects; everything else becomes null`,
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      const handler = () => {};
      const object = {};
      for (const value of [handler, object, class {}, new Proxy(handler, {})]) {
        socket[name] = value;
        t.ok(socket[name] === value, `${name} keeps it`);
      }
      for (const value of [undefined, 5, 'text', true, Symbol('x'), 1n, null]) {
        socket[name] = handler;
        socket[name] = value;
        t.is(socket[name], null, `${name} = ${String(value)}`);
      }
      socket[name] = null;
    },
  })),
  {
    name: 'a handler keeps the position of its first value, and loses it when set to null',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      const log = [];
      socket.addEventListener('message', () => log.push('one'));
      socket.onmessage = () => log.push('replaced');
      socket.addEventListener('message', () => log.push('two'));
      socket.onmessage = () => log.push('handler');
      socket.dispatchEvent(new Event('message'));
      socket.onmessage = null;
      socket.dispatchEvent(new Event('message'));
      socket.onmessage = () => log.push('again');
      socket.dispatchEvent(new Event('message'));
      t.same(log, ['one', 'handler', 'two', 'one', 'two', 'one', 'two', 'again']);
    },
  },
  {
    name: 'an object that is not a function keeps the handler\'s position, and is not called',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      const log = [];
      socket.onmessage = { handleEvent() { log.push('handleEvent'); } };
      socket.addEventListener('message', () => log.push('listener'));
      socket.dispatchEvent(new Event('message'));
      socket.onmessage = () => log.push('handler');
      socket.dispatchEvent(new Event('message'));
      t.same(log, ['listener', 'handler', 'listener']);
    },
  },
  {
    name: 'a function that is both handler and listener is called twice; removeEventListener does not remove the handler',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      let calls = 0;
      const both = () => { calls += 1; };
      socket.onmessage = both;
      socket.addEventListener('message', both);
      socket.dispatchEvent(new Event('message'));
      t.is(calls, 2);
      socket.removeEventListener('message', both);
      socket.dispatchEvent(new Event('message'));
      t.is(calls, 3);
    },
  },
  {
    name: 'a handler, including onerror, is called with only the event, and with the socket as this',
    async run(t) {
      const { socket } = t.socket(t.peer('refusing', '/'));
      const calls = await new Promise((resolve) => {
        const seen = [];
        socket.onerror = function onerror(...args) { seen.push([this === socket, args.length, args[0].type]); };
        socket.onclose = function onclose(...args) { seen.push([this === socket, args.length, args[0].type]); resolve(seen); };
      });
      t.same(calls, [[true, 1, 'error'], [true, 1, 'close']]);
    },
  },
  {
    name: 'a handler replaced during the dispatch: the new one is called if its turn has not come',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      const log = [];
      socket.addEventListener('message', () => { socket.onmessage = () => log.push('new'); });
      socket.onmessage = () => log.push('old');
      socket.dispatchEvent(new Event('message'));
      t.same(log, ['new']);
      socket.onopen = () => { log.push('first'); socket.onopen = () => log.push('second'); };
      socket.dispatchEvent(new Event('open'));
      socket.dispatchEvent(new Event('open'));
      t.same(log, ['new', 'first', 'second']);
      const remover = () => { socket.onclose = null; };
      socket.addEventListener('close', remover);
      socket.onclose = () => log.push('removed');
      socket.dispatchEvent(new Event('close'));
      socket.removeEventListener('close', remover);
      t.same(log, ['new', 'first', 'second']);
    },
  },
  {
    name: 'a handler that returns false cancels a cancelable event; other values do not',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      for (const [answer, expected] of [[false, false], [0, true], [undefined, true], [null, true], ['', true], [true, true]]) {
        for (const name of ['message', 'error']) {
          socket[`on${name}`] = () => answer;
          t.is(socket.dispatchEvent(new Event(name, { cancelable: true })), expected, `on${name} returns ${answer}`);
          socket[`on${name}`] = null;
        }
      }
    },
  },
  {
    name: 'a handler runs without any listener, and a socket without handlers or listeners works',
    async run(t) {
      const { WebSocket } = t.api;
      const socket = new WebSocket(t.peer('ws', '/greet', { count: 2 }));
      const data = await new Promise((resolve) => {
        const all = [];
        socket.onmessage = (event) => { all.push(event.data); if (all.length === 2) resolve(all); };
      });
      t.is(data[0], '0:');
      socket.close();
      const lone = new WebSocket(t.peer('ws', '/close', { code: 4000, count: 5 }));
      while (lone.readyState !== WebSocket.CLOSED) await new Promise((resolve) => setTimeout(resolve, 5));
      while (socket.readyState !== WebSocket.CLOSED) await new Promise((resolve) => setTimeout(resolve, 5));
    },
  },
];
