/** What each method does in each state: each case below is one state. */
export const methods = [
  {
    name: 'suspend() and resume() are refused in a browser, because a page cannot stop it from reading',
    hosts: ['browser'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      t.throws('NS_ERROR_NOT_IMPLEMENTED', () => talk.channel.suspend());
      t.throws('NS_ERROR_NOT_IMPLEMENTED', () => talk.channel.resume());
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
    },
  },
  {
    name: 'before asyncOpen: sends and close throw NS_ERROR_NOT_CONNECTED, the URIs NS_ERROR_NOT_INITIALIZED, asyncOpen opens',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      t.is(channel.state, 'idle');
      t.throws('NS_ERROR_NOT_CONNECTED', () => channel.sendMsg('text'), 'sendMsg');
      t.throws('NS_ERROR_NOT_CONNECTED', () => channel.sendBinaryMsg(new Uint8Array(1)), 'sendBinaryMsg');
      t.throws('NS_ERROR_NOT_CONNECTED', () => channel.close(), 'close()');
      t.throws('NS_ERROR_NOT_CONNECTED', () => channel.close(4000, 'reason'), 'close(4000)');
      t.throws(['NS_ERROR_NOT_CONNECTED', 'NS_ERROR_INVALID_ARG'], () => channel.close(1005), 'close(1005)');
      t.throws('NS_ERROR_NOT_INITIALIZED', () => channel.URI, 'URI');
      t.throws('NS_ERROR_NOT_INITIALIZED', () => channel.originalURI, 'originalURI');
      t.is(channel.state, 'idle', 'state after the refusals');
      await opensAndCloses(t, channel);
    },
  },
  {
    name: 'connecting: a second asyncOpen throws, sends are queued, and the messages are sent in order',
    async run(t) {
      const talk = t.open(t.peer('ws', '/digest'));
      t.is(talk.channel.state, 'connecting');
      refusesToOpen(t, talk);
      hasUris(t, talk);
      const accepted = [talk.send('first'), talk.send(new Uint8Array([1, 2, 3])), talk.send('third')];
      t.same(accepted, [true, true, true]);
      refusesWrongMessages(t, talk);
      const described = (await talk.untilMessages(3)).map((text) => JSON.parse(text));
      t.same(described.map(({ type, size }) => `${type} ${size}`), ['text 5', 'binary 3', 'text 5']);
    },
  },
  {
    name: 'connecting: close() cancels with onStart and onStop(NS_BINDING_ABORTED), and no frame is sent',
    async run(t) {
      const talk = t.open(t.peer('rude', '/silence'));
      talk.send('never sent');
      await t.observed(talk);
      t.is(talk.close(4000, 'never mind'), undefined);
      t.same(talk.names, [], 'calls when close() returned');
      t.oneOf(talk.channel.state, ['closing', 'stopped']);
      t.same([talk.send('later'), talk.send(new Uint8Array(1))], [false, false], 'sends after close()');
      const detail = await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      t.same(talk.names, ['onStart', 'onStop']);
      t.same([detail.wasClean, detail.closedBy], [false, 'local']);
      t.is((await t.observed(talk, t.host === 'node' ? 'ended' : 'opened')).frameCount, 0);
    },
  },
  {
    name: 'connecting: close() right after asyncOpen, before anything happened on the wire, cancels too',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'));
      talk.close();
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
    },
  },
  {
    name: 'connecting: close() with wrong arguments throws and cancels nothing',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'));
      refusesWrongCloses(t, talk);
      t.is(talk.channel.state, 'connecting');
      talk.send('still here');
      t.same(await talk.untilMessages(1), ['still here']);
    },
  },
  {
    name: 'open: a second asyncOpen throws, sends return true',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      t.is(talk.channel.state, 'open');
      refusesToOpen(t, talk);
      hasUris(t, talk);
      refusesWrongMessages(t, talk);
      t.same([talk.send('text'), talk.send(new Uint8Array([9]))], [true, true]);
      t.same(await talk.untilMessages(2), ['text', new Uint8Array([9])]);
    },
  },
  {
    name: 'open: close() with wrong arguments throws and changes nothing',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      refusesWrongCloses(t, talk);
      t.is(talk.channel.state, 'open');
      talk.send('still here');
      t.same(await talk.untilMessages(1), ['still here']);
      talk.close();
      await talk.end();
      t.is((await t.observed(talk, 'ended')).frameCount, 2, 'frames the peer saw: the message, the close');
    },
  },
  {
    name: 'open: the close frame is sent after all queued messages',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'), { listener: { onStart() { for (let at = 0; at < 20; at++) talk.send(`open ${at}`); talk.close(4000); } } });
      for (let at = 0; at < 20; at++) talk.send(new Uint8Array(10_000));
      await talk.end();
      const { frames } = await t.observed(talk, 'ended');
      t.same(frames.map(({ opcode }) => opcode), [...Array(20).fill(2), ...Array(20).fill(1), 8]);
    },
  },
  {
    name: 'after close(): everything is refused quietly, arguments are checked, and one close frame is sent',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/stubborn'), { options: { closeTimeoutMs: 300 } });
      t.is(talk.close(4000, 'the first'), undefined);
      t.is(talk.channel.state, 'closing');
      refusesToOpen(t, talk);
      hasUris(t, talk);
      refusesWrongMessages(t, talk);
      refusesWrongCloses(t, talk);
      t.same([talk.send('text'), talk.send(new Uint8Array(1))], [false, false]);
      t.same([talk.close(), talk.close(4001, 'the second')], [undefined, undefined]);
      await talk.end();
      const { frames, close } = await t.observedLast(talk);
      t.same(close, { code: 4000, reason: 'the first' });
      t.same(frames.map(({ opcode }) => opcode), [8]);
    },
  },
  {
    name: 'after close(): messages that still arrive are not delivered',
    async run(t) {
      const talk = await t.opened(t.raw('81 03 61 62 63', { after: 'frame' }));
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      t.same(talk.messages, []);
    },
  },
  {
    name: 'stopped: everything is refused quietly, arguments are checked, and the URIs stay the same',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/close', { code: 1000 }));
      await talk.end();
      await stoppedColumn(t, talk);
    },
  },
  {
    name: 'stopped without having opened: the same as after an open channel has stopped',
    async run(t) {
      const talk = t.open(t.peer('refusing', '/'));
      await talk.end();
      await stoppedColumn(t, talk);
    },
  },
];

async function stoppedColumn(t, talk) {
  t.is(talk.channel.state, 'stopped');
  refusesToOpen(t, talk);
  hasUris(t, talk);
  refusesWrongMessages(t, talk);
  refusesWrongCloses(t, talk);
  const { status } = talk.channel;
  t.same([talk.send('text'), talk.send(new Uint8Array(1))], [false, false]);
  t.same([talk.close(), talk.close(4000, 'reason')], [undefined, undefined]);
  t.is(talk.channel.status, status, 'the status stays the same');
  const calls = talk.calls.length;
  await t.roundTrip();
  t.is(talk.calls.length, calls, 'listener calls after onStop');
}

async function opensAndCloses(t, channel) {
  const calls = [];
  await new Promise((resolve) => {
    channel.asyncOpen(t.peer('ws', '/echo'), null, {
      onStart: () => { calls.push('onStart'); channel.close(); },
      onStop: (context, status) => { calls.push(`onStop ${status}`); resolve(); },
    }, null);
  });
  t.same(calls, ['onStart', 'onStop 0']);
}

function refusesToOpen(t, talk) {
  t.throws('NS_ERROR_ALREADY_OPENED', () => talk.channel.asyncOpen(t.peer('ws', '/echo'), null, {}, null), 'a second asyncOpen');
}

function hasUris(t, talk) {
  t.is(talk.channel.URI, talk.url);
  t.is(talk.channel.originalURI, talk.url);
}

function refusesWrongMessages(t, talk) {
  for (const wrong of [undefined, null, 5, true, {}, ['a'], new Uint8Array(1), new String('object')]) {
    t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendMsg(wrong), `sendMsg(${t.host}: ${Object.prototype.toString.call(wrong)})`);
  }
  for (const wrong of [undefined, null, 5, 'text', {}, [1, 2], { length: 1, 0: 1 }]) {
    t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendBinaryMsg(wrong), `sendBinaryMsg(${Object.prototype.toString.call(wrong)})`);
  }
}

function refusesWrongCloses(t, talk) {
  for (const code of [-1, 0, 999, 1005, 1006, 1015, 1016, 2999, 5000, 65_535, 65_536, 66_536, 2 ** 32 + 1000, 1000.5, NaN, Infinity, '1000', null, {}, true, 1000n]) {
    t.throws('NS_ERROR_INVALID_ARG', () => talk.close(code), `close(${String(code)})`);
  }
  for (const reason of [5, null, {}, ['x'], true]) {
    t.throws('NS_ERROR_INVALID_ARG', () => talk.close(1000, reason), `close(1000, ${String(reason)})`);
  }
  t.throws('NS_ERROR_INVALID_ARG', () => talk.close(1000, 'x'.repeat(124)), 'a reason of 124 bytes');
}
