/** Against Python's `websockets`, a server that was written independently. */
export const python = [
  {
    name: 'text and binary come back',
    async run(t) {
      const talk = await t.opened(t.peer('python', '/echo'));
      const sent = ['', 'text', 'äöü 日本 💧', 'x'.repeat(200_000), new Uint8Array(0), new Uint8Array([1, 2, 3]), new Uint8Array(300_000).fill(7)];
      for (const message of sent) talk.send(message);
      t.same(await talk.untilMessages(sent.length), sent);
    },
  },
  {
    name: 'the server\'s close is reported and answered',
    async run(t) {
      const talk = await t.opened(t.peer('python', '/close', { code: 3333, reason: 'fin ✓' }));
      await t.stops(talk, { node: 'NS_OK' });
      t.same((await talk.until('onServerClose')).args, [3333, 'fin ✓']);
      t.is((await t.observed(talk, 'ended')).close.code, 3333);
    },
  },
  {
    name: 'our close is answered',
    async run(t) {
      const talk = await t.opened(t.peer('python', '/echo'));
      talk.close(4500, 'enough ✓');
      await t.stops(talk, { node: 'NS_OK' });
      t.same((await t.observed(talk, 'ended')).close, { code: 4500, reason: 'enough ✓' });
    },
  },
  {
    name: 'fragments with pings between them arrive as one message',
    async run(t) {
      const talk = await t.opened(t.peer('python', '/fragments'));
      talk.send('in fragments: ä日💧');
      t.same(await talk.untilMessages(1), ['in fragments: ä日💧']);
    },
  },
  {
    name: 'the server\'s ping is answered',
    async run(t) {
      const talk = await t.opened(t.peer('python', '/ping'));
      t.same(await talk.untilMessages(1), ['pong came']);
    },
  },
  {
    name: 'a subprotocol is agreed on',
    async run(t) {
      const talk = await t.opened(t.peer('python', '/echo'), { protocols: 'nobody-knows, superchat' });
      t.is(talk.channel.protocol, 'superchat');
    },
  },
].map((one) => ({ ...one, needs: 'python' }));
