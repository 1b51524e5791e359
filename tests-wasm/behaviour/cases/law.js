/** The listener's laws (ARCHITECTURE.md). `Context.finish` checks every case against them; these cases test the corner cases of each law. */
export const laws = [
  {
    name: 'a peer that ends TCP right behind its close frame: onServerClose has the code and the reason, and so has onStop',
    async run(t) {
      const talk = await t.opened(t.raw('88 05 03f0 627965', { after: 'frame', then: 'eof' }));
      talk.send('x');
      const { detail } = await talk.end();
      t.same((await talk.until('onServerClose')).args, [1008, 'bye']);
      t.same([detail.code, detail.reason, detail.closedBy], [1008, 'bye', 'remote']);
    },
  },
  {
    name: 'a test that puts another clock in place while a channel opens, and takes it away: nothing is thrown later',
    async run(t) {
      const [talk, reference] = Array.from({ length: 2 }, () => t.open(t.peer('ws', '/echo'), { options: { openTimeoutMs: 2000 } }));
      const started = Promise.all([talk.until('onStart'), reference.until('onStart')]);
      const { setTimeout, clearTimeout } = globalThis;
      Object.assign(globalThis, { setTimeout: () => 1e12, clearTimeout() {} });
      try {
        await started;
      } finally {
        Object.assign(globalThis, { setTimeout, clearTimeout });
      }
      await new Promise((resolve) => { setTimeout(resolve, 2100); });
      t.same([talk.channel.state, reference.channel.state], ['open', 'open']);
      for (const one of [talk, reference]) {
        one.close();
        await t.stops(one, { node: 'NS_OK' });
      }
    },
  },
  {
    name: '1: no listener call comes before asyncOpen returns, and none at all if it throws',
    async run(t) {
      const calls = [];
      const listener = Object.fromEntries(CALLS.map((call) => [call, () => calls.push(call)]));
      const channel = new t.api.WebSocketChannel();
      t.throws('NS_ERROR_MALFORMED_URI', () => channel.asyncOpen('ws://[::1/', null, listener, null));
      t.throws('NS_ERROR_INVALID_ARG', () => channel.asyncOpen(t.peer('ws', '/echo'), null, 'no listener', null));
      await t.roundTrip();
      t.same(calls, [], 'calls of a channel whose asyncOpen threw');
      t.is(channel.state, 'idle');
    },
  },
  {
    name: '2: a channel that opens gets onStart first and onStop last, each once',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      t.is(talk.calls[0].status, 0, 'status in onStart');
      talk.send('one');
      await talk.untilMessages(1);
      talk.close();
      await talk.end();
      t.same(talk.names, ['onStart', ...talk.names.slice(1, -2), 'onServerClose', 'onStop']);
    },
  },
  {
    name: '2: a channel that never opens gets onStart and then directly onStop, and its status is already the failure in onStart',
    async run(t) {
      const sends = [];
      const talk = t.open(t.peer('refusing', '/'), {
        listener: { onStart: () => sends.push(talk.send('to nobody'), talk.channel.sendBinaryMsg(new Uint8Array(2))) },
      });
      const detail = await t.stops(talk, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      t.same(talk.names, ['onStart', 'onStop']);
      t.is(talk.calls[0].state, 'stopped');
      t.is(t.api.statusName(talk.calls[0].status), 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED');
      t.same(sends, [false, false], 'sends in the onStart of a channel that never opened');
      t.is(detail.wasClean, false);
    },
  },
  {
    name: '3: messages come in wire order and before onServerClose',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/close', { count: 300, code: 1000 }));
      await talk.end();
      t.same(talk.messages, Array.from({ length: 300 }, (_, at) => `message ${at}`));
      t.same(talk.names.slice(-2), ['onServerClose', 'onStop']);
    },
  },
  {
    name: '3: text and binary messages keep their relative order',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/greet', { count: 200, size: 40 }));
      const messages = await talk.untilMessages(200);
      messages.forEach((message, at) => {
        t.is(typeof message, at % 2 ? 'object' : 'string', `kind of message ${at}`);
        const text = typeof message === 'string' ? message : new TextDecoder().decode(message);
        t.is(text, `${at}:`.padEnd(40, '.'));
      });
    },
  },
  {
    name: '4: onAcknowledge is called once for each message, in order, with its size in bytes',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      for (const message of ['', 'abc', 'äöü', '💧', new Uint8Array(0), new Uint8Array(300), new Uint8Array(70_000)]) talk.send(message);
      await talk.until('onAcknowledge', 7);
      t.same(talk.acknowledged, [0, 3, 6, 4, 0, 300, 70_000]);
    },
  },
  {
    name: '4: messages queued while connecting are acknowledged after onStart',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'));
      t.same([talk.send('queued'), talk.send(new Uint8Array(5))], [true, true]);
      await talk.untilMessages(2);
      await talk.until('onAcknowledge', 2);
      t.same(talk.acknowledged, [6, 5]);
      t.is(talk.names[0], 'onStart');
    },
  },
  {
    name: '4: every message sent before close() is acknowledged before onServerClose',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      for (let size = 0; size < 50; size++) talk.send('x'.repeat(size * 100));
      talk.close();
      await talk.end();
      t.is(talk.acknowledged.length, 50);
    },
  },
  {
    name: '4: pongs and close frames are not acknowledged',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/pings', { count: 20 }));
      await talk.untilMessages(1);
      talk.close(4000, 'a reason');
      await talk.end();
      t.same(talk.acknowledged, []);
    },
  },
  {
    name: '4: bufferedAmount falls as messages are acknowledged, and counts messages queued while connecting',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'));
      talk.send('äö');
      t.is(talk.channel.bufferedAmount, 4);
      talk.send(new Uint8Array(1000));
      t.is(talk.channel.bufferedAmount, 1004);
      talk.send('12345');
      t.is(talk.channel.bufferedAmount, 1009);
      await talk.until('onAcknowledge', 3);
      const left = talk.calls.filter(({ call }) => call === 'onAcknowledge').map(({ bufferedAmount }) => bufferedAmount);
      t.same(left, [1005, 5, 0], 'bufferedAmount within each onAcknowledge');
      t.is(talk.channel.bufferedAmount, 0);
    },
  },
  {
    name: '5: onServerClose gets the peer\'s code and reason, only onStop follows, and the channel answers with the same code',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/close', { code: 4321, reason: 'enough, bitte ä' }));
      const detail = await t.stops(talk, { node: 'NS_OK' });
      t.same((await talk.until('onServerClose')).args, [4321, 'enough, bitte ä']);
      t.same(talk.names, ['onStart', 'onServerClose', 'onStop']);
      t.is((await t.observed(talk, 'close')).close.code, 4321);
      t.same([detail.wasClean, detail.code, detail.reason, detail.closedBy], [true, 4321, 'enough, bitte ä', 'remote']);
    },
  },
  {
    name: '5: a peer\'s close frame without a code is reported as 1005 and answered without a code',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/close'));
      const detail = await t.stops(talk, { node: 'NS_OK' });
      t.same((await talk.until('onServerClose')).args, [1005, '']);
      t.same((await t.observed(talk, 'close')).close, { code: 1005, reason: '' });
      t.same([detail.code, detail.reason], [1005, '']);
    },
  },
  {
    name: '5: a listener that calls close() inside onServerClose chooses the answer',
    hosts: ['node'],
    async run(t) {
      const talk = t.open(t.peer('ws', '/close', { code: 4001 }), {
        listener: { onServerClose: () => talk.close(4002, 'my own answer') },
      });
      await t.stops(talk, { node: 'NS_OK' });
      t.same((await t.observed(talk, 'close')).close, { code: 4002, reason: 'my own answer' });
      t.is((await t.observed(talk, 'ended')).frameCount, 1, 'frames the peer saw');
    },
  },
  {
    name: '5: inside onServerClose the state is closing, sends return false, and close() does not change what follows',
    async run(t) {
      const seen = [];
      const talk = t.open(t.peer('ws', '/close', { code: 1001 }), {
        listener: {
          onServerClose() {
            seen.push(talk.channel.state, talk.send('too late'), talk.send(new Uint8Array(1)));
            talk.close();
          },
        },
      });
      await t.stops(talk, { node: 'NS_OK' });
      t.same(seen, ['closing', false, false]);
      t.is((await t.observed(talk, 'ended')).messages.length, 0);
    },
  },
  {
    name: '6: onStop gets NS_OK when the peer answers close(), and the detail says who closed',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      talk.close(3456, 'my reason');
      const detail = await t.stops(talk, { node: 'NS_OK' });
      t.same((await talk.until('onServerClose')).args, [3456, 'my reason']);
      t.same([detail.wasClean, detail.code, detail.reason, detail.closedBy, detail.timeout], [true, 3456, 'my reason', 'local', null]);
    },
  },
  {
    name: '6: onStop does not get NS_OK when the connection ends without a close frame',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/terminate'));
      talk.send('cut it');
      const detail = await t.stops(talk, { node: 'NS_BASE_STREAM_CLOSED' });
      t.same([detail.wasClean, detail.code, detail.reason], [false, 1006, '']);
      t.ok(!talk.names.includes('onServerClose'), 'no onServerClose without a close frame');
    },
  },
];

const CALLS = ['onStart', 'onMessageAvailable', 'onBinaryMessageAvailable', 'onAcknowledge', 'onServerClose', 'onStop'];
