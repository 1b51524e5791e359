/** In a page, a relative URI is resolved against the document's base URL, as the WHATWG WebSockets Standard requires. Node refuses it. */
export const relativeUris = [
  ...[
    ['a path', '/echo', (port) => `http://127.0.0.1:${port}/elsewhere/`],
    ['a name in the folder of the document', 'echo', (port) => `http://127.0.0.1:${port}/index.html`],
    ['a name in the folder above', '../echo', (port) => `http://127.0.0.1:${port}/a/`],
    ['only a query', '', (port) => `http://127.0.0.1:${port}/echo?of=the+base`],
  ].map(([what, relative, base]) => ({
    name: `${what} is resolved against the document's <base>, and the channel opens there`,
    hosts: ['browser'],
    run: (t) => withBase(base(t.addresses.ws), async () => {
      const { search, href } = new URL(t.peer('ws', '/echo'));
      const talk = await t.opened(`${relative}${search}`);
      t.same([talk.channel.URI, talk.channel.originalURI], [href, href]);
      talk.send('there and back');
      t.same(await talk.untilMessages(1), ['there and back']);
    }),
  })),
  {
    name: 'without a scheme, the document\'s scheme is used: http becomes ws',
    hosts: ['browser'],
    async run(t) {
      const url = t.peer('ws', '/echo');
      const talk = await t.opened(url.replace('ws:', ''));
      t.is(talk.channel.URI, url);
    },
  },
  {
    name: 'without a <base>, the document\'s own URL is the base',
    hosts: ['browser'],
    async run(t) {
      // The page's server does not speak WebSocket.
      const talk = t.open('chat?room=5');
      t.is(talk.channel.URI, `ws://${location.host}/chat?room=5`);
      await t.stops(talk, { browser: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      const itself = t.open('');
      t.is(itself.channel.URI, `ws://${location.host}/`);
      await t.stops(itself, { browser: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
    },
  },
  {
    name: 'an element named baseURI does not stand for the document\'s',
    hosts: ['browser'],
    async run(t) {
      const form = Object.assign(document.createElement('form'), { name: 'baseURI' });
      document.body.append(form);
      try {
        await t.opened(t.peer('ws', '/echo'));
        t.is(t.open('chat').channel.URI, `ws://${location.host}/chat`);
      } finally {
        form.remove();
      }
    },
  },
  {
    name: 'a relative URI with a fragment, or with a base that is not a web address, is NS_ERROR_MALFORMED_URI',
    hosts: ['browser'],
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      for (const uri of ['/echo#there', '#there', '//', '//[::1/', 'http:#']) {
        t.throws('NS_ERROR_MALFORMED_URI', () => channel.asyncOpen(uri, null, {}, null), `asyncOpen(${uri})`);
      }
      await withBase('ftp://127.0.0.1/', () => t.throws('NS_ERROR_MALFORMED_URI', () => channel.asyncOpen('/echo', null, {}, null)));
      t.is(channel.state, 'idle');
    },
  },
  {
    name: 'Node has no document: a relative URI is NS_ERROR_MALFORMED_URI, and the message says that it must be absolute',
    hosts: ['node'],
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      for (const uri of ['', ' ', '/echo', 'echo', '//127.0.0.1/echo', '?room=5']) {
        const { message } = t.throws('NS_ERROR_MALFORMED_URI', () => channel.asyncOpen(uri, null, {}, null), `asyncOpen(${uri})`);
        t.ok(/absolute/.test(message), message);
      }
    },
  },
];

/** Runs `use` while the document has this base URL. */
async function withBase(href, use) {
  const base = document.createElement('base');
  base.href = href;
  document.head.append(base);
  try {
    await use();
  } finally {
    base.remove();
  }
}
