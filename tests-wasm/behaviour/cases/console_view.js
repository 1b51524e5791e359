import { inspect } from 'node:util';

/** What console.log shows of a channel, a group and an error: state, URI and status, but no internals. Only in Node. */
export const consoleViews = [
  {
    name: 'a channel shows its class and state before asyncOpen, when it has no URI',
    async run(t) {
      const text = inspect(new t.api.WebSocketChannel());
      expectWords(t, text, ['WebSocketChannel', 'idle']);
      expectNoInternals(t, text);
    },
  },
  {
    name: 'a channel shows its state, URI and status while it is in use and after it has stopped',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'));
      expectWords(t, inspect(talk.channel), ['WebSocketChannel', 'connecting', talk.url]);
      await talk.until('onStart');
      expectWords(t, inspect(talk.channel), ['WebSocketChannel', 'open', talk.url, 'NS_OK']);
      talk.close();
      await talk.end();
      expectWords(t, inspect(talk.channel), ['WebSocketChannel', 'stopped', talk.url, 'NS_OK']);
      expectNoInternals(t, inspect(talk.channel, { depth: 10, showHidden: true, getters: true }));
      const refused = t.open(t.peer('refusing', '/'));
      await refused.end();
      expectWords(t, inspect(refused.channel), ['stopped', 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED']);
    },
  },
  {
    name: 'a channel inside other objects is readable at any depth, and has no line breaks if there is room',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const text = inspect({ a: { channels: [talk.channel] } }, { depth: 10, breakLength: Infinity });
      expectWords(t, text, ['WebSocketChannel', 'open', talk.url]);
      t.ok(!text.includes('\n'), text);
      expectWords(t, inspect({ a: { b: { c: { channel: talk.channel } } } }, { depth: 3 }), ['WebSocketChannel']);
    },
  },
  {
    name: 'user name and password in the URI are not shown',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo').replace('//', '//user:hunter2@'));
      const shown = [inspect(talk.channel)];
      await talk.until('onStart');
      shown.push(inspect(talk.channel));
      t.ok(shown.every((text) => !text.includes('hunter2')), shown.join('\n'));
    },
  },
  {
    name: 'a subclass is shown by its own name',
    async run(t) {
      class Mine extends t.api.WebSocketChannel {}
      expectWords(t, inspect(new Mine()), ['Mine', 'idle']);
    },
  },
  {
    name: 'a group shows its class and how many channels are active',
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      await t.opened(t.peer('ws', '/echo'), { loadGroup });
      const text = inspect(loadGroup);
      expectWords(t, text, ['LoadGroup', '1']);
      expectNoInternals(t, text);
    },
  },
  {
    name: 'the classes and their prototypes can be inspected',
    async run(t) {
      for (const it of [t.api.WebSocketChannel, t.api.LoadGroup, t.api.ChannelError]) {
        expectWords(t, inspect(it), [it.name]);
        expectNoInternals(t, inspect(it, { showHidden: true }));
        t.ok(typeof inspect(it.prototype, { showHidden: true, getters: true }) === 'string', 'the prototype');
      }
    },
  },
  {
    name: 'an error shows its name, its message and where it was thrown',
    async run(t) {
      const error = t.throws('NS_ERROR_NOT_CONNECTED', () => new t.api.WebSocketChannel().sendMsg('early'));
      const text = inspect(error);
      expectWords(t, text, ['NS_ERROR_NOT_CONNECTED', error.message, 'console_view.js']);
      expectNoInternals(t, text);
    },
  },
];

function expectWords(t, text, words) {
  for (const word of words) t.ok(text.includes(word), `it shows ${word}: ${text}`);
}

function expectNoInternals(t, text) {
  for (const name of ['__wbg', 'free', 'dispose', '__destroy']) t.ok(!text.includes(name), `it shows no ${name}: ${text}`);
}
