/** The option signal: aborting it cancels the channel as a load group does, with NS_BINDING_ABORTED and the signal's reason as the cause. */
export const signals = [
  {
    name: 'aborted while connecting: onStart, then onStop with NS_BINDING_ABORTED and the reason as the cause',
    async run(t) {
      const [controller, reason] = [new AbortController(), new RangeError('changed my mind')];
      const talk = t.open(t.peer('rude', '/silence'), { options: { signal: controller.signal } });
      talk.send('never sent');
      await t.observed(talk);
      talk.quietly(() => controller.abort(reason));
      t.is(talk.send('too late'), false);
      const { cause, closedBy, wasClean } = await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      t.ok(cause === reason, 'the cause is the reason itself');
      t.same([talk.names, closedBy, wasClean], [['onStart', 'onStop'], 'local', false]);
      if (t.host === 'node') t.is((await t.observed(talk, 'ended')).frameCount, 0, 'frames');
    },
  },
  {
    name: 'another listener of the signal that stops the event does not keep the channel from being aborted',
    hosts: ['node'],
    async run(t) {
      const controller = new AbortController();
      controller.signal.addEventListener('abort', (event) => event.stopImmediatePropagation());
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { signal: controller.signal } });
      talk.quietly(() => controller.abort());
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
    },
  },
  {
    name: 'one signal for many channels: Node warns of no leak, and all of them are cancelled',
    hosts: ['node'],
    async run(t) {
      const warnings = [];
      const heard = ({ message }) => warnings.push(message);
      process.on('warning', heard);
      try {
        const controller = new AbortController();
        const talks = Array.from({ length: 12 }, () => t.open(t.peer('rude', '/silence'), { options: { signal: controller.signal } }));
        for (const talk of talks) await t.observed(talk);
        controller.abort();
        for (const talk of talks) await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      } finally {
        process.off('warning', heard);
      }
      t.same(warnings, []);
    },
  },
  {
    name: 'aborted while open: onStop with NS_BINDING_ABORTED and the reason, and the peer sees the channel going away',
    async run(t) {
      const [controller, reason] = [new AbortController(), new RangeError('changed my mind')];
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { signal: controller.signal } });
      talk.send('before');
      await talk.untilMessages(1);
      talk.quietly(() => controller.abort(reason));
      t.same([talk.send('too late'), talk.send(new Uint8Array(1))], [false, false]);
      const { cause, closedBy } = await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      t.ok(cause === reason, 'the cause is the reason itself');
      t.is(closedBy, 'local');
      t.is((await t.observed(talk, 'close')).close.code, t.host === 'node' ? 1001 : 1005);
    },
  },
  ...[['before the constructor', true], ['between constructor and asyncOpen', false]].map(([when, isEarly]) => ({
    name: `aborted ${when}: asyncOpen does not throw, and the channel is cancelled right after`,
    async run(t) {
      const controller = new AbortController();
      const group = new t.api.LoadGroup();
      if (isEarly) controller.abort(new RangeError('too late'));
      const channel = new t.api.WebSocketChannel({ signal: controller.signal });
      if (!isEarly) controller.abort(new RangeError('too late'));
      channel.loadGroup = group;
      t.is(channel.state, 'idle');
      const calls = [];
      const url = t.peer('ws', '/echo');
      const stopped = new Promise((resolve) => {
        channel.asyncOpen(url, null, {
          onStart: () => calls.push('onStart', channel.state),
          onStop: (context, status, detail) => { calls.push('onStop'); resolve([t.api.statusName(status), detail.cause?.message, detail.closedBy]); },
        }, null);
      });
      t.same(calls, [], 'calls when asyncOpen returned');
      t.oneOf(channel.state, ['closing', 'stopped']);
      t.same([channel.sendMsg('refused'), channel.URI], [false, url]);
      t.throws('NS_ERROR_ALREADY_OPENED', () => channel.asyncOpen(url, null, {}, null));
      t.same([await stopped, calls], [['NS_BINDING_ABORTED', 'too late', 'local'], ['onStart', 'stopped', 'onStop']]);
      t.same([group.activeCount, channel.bufferedAmount], [0, 0]);
    },
  })),
  {
    name: 'asyncOpen still throws for wrong arguments if the signal is aborted',
    async run(t) {
      const channel = new t.api.WebSocketChannel({ signal: AbortSignal.abort() });
      t.throws('NS_ERROR_MALFORMED_URI', () => channel.asyncOpen('ws://[::1/', null, {}, null));
      t.throws('NS_ERROR_INVALID_ARG', () => channel.asyncOpen(t.peer('ws', '/echo'), null, 5, null));
      t.is(channel.state, 'idle');
    },
  },
  {
    name: 'abort() without a reason: the cause is the AbortError; AbortSignal.timeout: the TimeoutError',
    async run(t) {
      const controller = new AbortController();
      const talk = t.open(t.peer('rude', '/silence'), { options: { signal: controller.signal } });
      await t.observed(talk);
      controller.abort();
      const { cause } = await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      t.is(cause?.name, 'AbortError');
      const late = t.open(t.peer('rude', '/silence'), { options: { signal: AbortSignal.timeout(50) } });
      const { cause: timeout, timeout: which } = await t.stops(late, { node: 'NS_BINDING_ABORTED' });
      t.same([timeout?.name, which], ['TimeoutError', null]);
    },
  },
  {
    name: 'a reason that is not an Error becomes the message of one; for an unreadable reason, the cause is an Error too',
    async run(t) {
      for (const [reason, text] of [['changed my mind', 'changed my mind'], [404, '404'], [null, ''], [Symbol('why'), ''], [Object.create(null), '']]) {
        const controller = new AbortController();
        const talk = await t.opened(t.peer('ws', '/echo'), { options: { signal: controller.signal } });
        controller.abort(reason);
        const { cause } = await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
        t.ok(cause instanceof Error && cause.message.includes(text), `the cause for ${String(typeof reason)}: ${cause}`);
      }
    },
  },
  {
    name: 'one signal cancels all its connecting, open and closing channels, and no others',
    async run(t) {
      const { signal, abort } = withAbort();
      const outside = await t.opened(t.peer('ws', '/echo'), { options: { signal: new AbortController().signal } });
      const closing = await t.opened(t.peer('rude', '/stubborn'), { options: { signal } });
      closing.close();
      const stopped = await t.opened(t.peer('ws', '/close', { code: 1000 }), { options: { signal } });
      await stopped.end();
      const idle = new t.api.WebSocketChannel({ signal });
      const inside = [closing, await t.opened(t.peer('ws', '/echo'), { options: { signal } }), t.open(t.peer('rude', '/silence'), { options: { signal } })];
      abort();
      for (const talk of inside) await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      t.same([idle.state, stopped.channel.status], ['idle', 0]);
      outside.send('untouched');
      t.same(await outside.untilMessages(1), ['untouched']);
    },
  },
  {
    name: 'aborted inside a listener: no message follows, and onStop is called once',
    async run(t) {
      for (const call of ['onStart', 'onMessageAvailable', 'onServerClose', 'onStop']) {
        const { signal, abort } = withAbort();
        const talk = t.open(t.peer('ws', '/close', { count: 5, code: 4000 }), { options: { signal }, listener: { [call]: abort } });
        const { status } = await talk.end();
        t.oneOf(t.api.statusName(status), ['onServerClose', 'onStop'].includes(call) ? ['NS_BINDING_ABORTED', 'NS_OK'] : ['NS_BINDING_ABORTED'], `the status when aborted in ${call}`);
        if (call === 'onMessageAvailable') t.is(talk.messages.length, 1, 'messages');
        if (call === 'onStart') t.is(talk.messages.length, 0, 'messages');
      }
    },
  },
  {
    name: 'opened in the handler of the signal\'s abort event: cancelled right away',
    async run(t) {
      const { signal, abort } = withAbort();
      let talk = null;
      signal.addEventListener('abort', () => { talk = t.open(t.peer('ws', '/echo'), { options: { signal } }); });
      abort();
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
    },
  },
  ...[
    ['it closed', (t, options) => t.opened(t.peer('ws', '/echo'), options).then((talk) => (talk.close(), talk))],
    ['its peer closed', (t, options) => t.opened(t.peer('ws', '/close', { code: 1000 }), options)],
    ['it was refused', (t, options) => t.open(t.peer('refusing', '/'), options)],
    ['its group was cancelled', async (t, options) => {
      const loadGroup = new t.api.LoadGroup();
      const talk = await t.opened(t.peer('ws', '/echo'), { ...options, loadGroup });
      loadGroup.cancel();
      return talk;
    }],
  ].map(([what, end]) => ({
    name: `a stopped channel no longer listens to its signal: ${what}`,
    async run(t) {
      const { signal, abort } = withAbort();
      const listeners = countListeners(signal);
      try {
        const talk = await end(t, { options: { signal } });
        t.is(listeners.most, 1, 'listeners while it lived');
        const { status } = await talk.end();
        t.is(listeners.now, 0, 'listeners when it had stopped');
        abort();
        await t.roundTrip();
        t.is(talk.channel.status, status, 'the status after a late abort');
      } finally {
        listeners.stop();
      }
    },
  })),
  {
    name: 'a channel that is never opened does not listen to its signal',
    async run(t) {
      const { signal } = withAbort();
      const listeners = countListeners(signal);
      try {
        t.is(new t.api.WebSocketChannel({ signal }).state, 'idle');
        t.is(listeners.now, 0, 'listeners');
      } finally {
        listeners.stop();
      }
    },
  },
];

function withAbort() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

/** Counts the listeners of one signal from now on. Returns { now, most, stop() }. */
function countListeners(signal) {
  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const there = new Set();
  const count = { get now() { return there.size; }, most: 0, stop() { Object.assign(EventTarget.prototype, { addEventListener, removeEventListener }); } };
  EventTarget.prototype.addEventListener = function add(type, listener, ...more) {
    if (this === signal) there.add(listener);
    count.most = Math.max(count.most, there.size);
    return addEventListener.call(this, type, listener, ...more);
  };
  EventTarget.prototype.removeEventListener = function remove(type, listener, ...more) {
    if (this === signal) there.delete(listener);
    return removeEventListener.call(this, type, listener, ...more);
  };
  return count;
}
