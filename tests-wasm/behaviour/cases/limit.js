/** maxMessageSize, and how much memory a peer can make a host use. */
export const limits = [
  {
    name: 'a message of exactly maxMessageSize is accepted: text (counted in UTF-8 bytes), binary, fragmented',
    async run(t) {
      const options = { maxMessageSize: 100 };
      const talk = await t.opened(t.peer('ws', '/echo'), { options });
      talk.send('ä'.repeat(50));
      talk.send(new Uint8Array(100));
      t.same(await talk.untilMessages(2), ['ä'.repeat(50), new Uint8Array(100)]);
      const fragmented = await t.opened(t.peer('rude', '/fragments', { size: 100, piece: 7 }), { options });
      t.same(await fragmented.untilMessages(1), ['f'.repeat(100)]);
    },
  },
  {
    name: 'a message one byte larger fails with NS_ERROR_FILE_TOO_BIG and is not delivered',
    async run(t) {
      for (const message of [`${'ä'.repeat(50)}x`, new Uint8Array(101)]) {
        const talk = await t.opened(t.peer('ws', '/echo'), { options: { maxMessageSize: 100 } });
        talk.send('before');
        talk.send(message);
        await t.stops(talk, { node: BIG });
        t.same(talk.messages, ['before']);
        if (t.host === 'node') t.is((await t.observed(talk, 'ended')).close.code, 1009);
      }
    },
  },
  {
    name: 'a message whose fragments together are too big fails in the same way',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/fragments', { size: 101, piece: 20 }), { options: { maxMessageSize: 100 } });
      await t.stops(talk, { node: BIG });
      t.same(talk.messages, []);
      if (t.host === 'node') t.is((await t.observed(talk, 'ended')).close.code, 1009);
    },
  },
  {
    name: 'a message whose announced length is too big fails before its payload arrives',
    hosts: ['node'],
    async run(t) {
      for (const hex of ['82 65', '01 05 68 65 6c 6c 6f 80 60', '81 7f 00 00 00 00 7f ff ff ff']) {
        for (const query of [{}, { drip: 1 }]) {
          const talk = await t.opened(t.raw(hex, query), { options: { maxMessageSize: 100 } });
          await t.stops(talk, { node: BIG });
          t.is((await t.observed(talk, 'ended')).close.code, 1009);
        }
      }
    },
  },
  {
    name: 'without the option the limit is 128 MiB',
    hosts: ['node'],
    async run(t) {
      const over = await t.opened(t.raw('82 7f 00 00 00 00 08 00 00 01'));
      await t.stops(over, { node: BIG });
      const within = await t.opened(t.raw('82 7f 00 00 00 00 08 00 00 00 61', { then: 'eof' }));
      await t.stops(within, { node: 'NS_BASE_STREAM_CLOSED' });
    },
  },
  {
    name: 'a message in two hundred thousand fragments',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/fragments', { size: 200_000, piece: 1 }));
      const [text] = await talk.untilMessages(1);
      t.ok(text === 'f'.repeat(200_000), 'all of it');
    },
  },
  {
    name: 'pongs that the peer does not read do not pile up: wasm memory stays small after sixty thousand full pings',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/pings', { count: 60_000, size: 125, unread: 1 }), { options: { closeTimeoutMs: 200 } });
      t.same(await talk.untilMessages(1), ['done']);
      // `Context.finish` checks the memory.
      talk.close();
      await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
    },
  },
  {
    name: 'many large announced lengths at once: no memory is allocated for bytes that have not arrived',
    hosts: ['node'],
    async run(t) {
      // Not the process's resident memory: the system counts a page only once it is written to.
      const reserved = () => globalThis.process.memoryUsage().arrayBuffers;
      const before = reserved();
      const talks = [];
      for (let at = 0; at < 40; at++) talks.push(await t.opened(t.raw('82 7f 00 00 00 00 08 00 00 00 61 62 63')));
      await t.roundTrip();
      const grown = reserved() - before;
      t.ok(grown < 40 * 2 * 1024 * 1024, `40 × 128 MiB announced, 3 bytes sent: array buffers grew by ${grown} bytes`);
      for (const talk of talks) talk.channel.close();
    },
  },
];

const BIG = 'NS_ERROR_FILE_TOO_BIG';
