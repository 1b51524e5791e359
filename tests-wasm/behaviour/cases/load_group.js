/** LoadGroup: the channels opened with it, how many are active, cancel(status). */
export const loadGroups = [
  {
    name: 'a channel belongs to its group from asyncOpen to onStop',
    async run(t) {
      const group = new t.api.LoadGroup();
      t.same([group.activeCount, [...group].length], [0, 0]);
      const waiting = new t.api.WebSocketChannel();
      waiting.loadGroup = group;
      t.is(group.activeCount, 0, 'active before asyncOpen');
      const first = t.open(t.peer('ws', '/echo'), { loadGroup: group });
      t.is(group.activeCount, 1, 'active while connecting');
      const second = await t.opened(t.peer('ws', '/echo'), { loadGroup: group });
      t.is(group.activeCount, 2);
      t.ok([...group].includes(first.channel) && [...group].includes(second.channel), 'the group gives the channels themselves');
      t.is(first.channel.loadGroup, group, 'loadGroup');
      second.close();
      await second.end();
      t.ok([...group].length === 1 && [...group][0] === first.channel, 'only the first is left');
    },
  },
  {
    name: 'a channel whose asyncOpen threw, or that never opened, does not stay in the group',
    async run(t) {
      const group = new t.api.LoadGroup();
      const channel = new t.api.WebSocketChannel();
      channel.loadGroup = group;
      t.throws('NS_ERROR_MALFORMED_URI', () => channel.asyncOpen('nowhere', null, {}, null));
      t.is(group.activeCount, 0);
      const talk = t.open(t.peer('refusing', '/'), { loadGroup: group });
      t.is(group.activeCount, 1);
      await talk.end();
      t.is(group.activeCount, 0);
    },
  },
  {
    name: 'cancel() stops a connecting channel: onStart, then onStop with NS_BINDING_ABORTED or the status given',
    async run(t) {
      for (const [args, status] of [[[], 'NS_BINDING_ABORTED'], [[undefined], 'NS_BINDING_ABORTED'], [[t.api.Status.NS_ERROR_NET_RESET], 'NS_ERROR_NET_RESET']]) {
        const group = new t.api.LoadGroup();
        const talk = t.open(t.peer('rude', '/silence'), { loadGroup: group });
        await t.observed(talk);
        talk.quietly(() => group.cancel(...args));
        await t.stops(talk, { node: status });
        t.same(talk.names, ['onStart', 'onStop']);
        t.is(group.activeCount, 0);
        if (t.host === 'node') await t.observed(talk, 'ended');
      }
    },
  },
  {
    name: 'cancel() stops an open channel with the status, and the peer sees it going away',
    async run(t) {
      for (const [args, status] of [[[], 'NS_BINDING_ABORTED'], [[t.api.Status.NS_ERROR_UNEXPECTED], 'NS_ERROR_UNEXPECTED']]) {
        const group = new t.api.LoadGroup();
        const talk = await t.opened(t.peer('ws', '/echo'), { loadGroup: group });
        talk.quietly(() => group.cancel(...args));
        t.is(talk.send('too late'), false);
        const detail = await t.stops(talk, { node: status });
        t.is(detail.closedBy, 'local');
        t.is((await t.observed(talk, 'close')).close.code, t.host === 'node' ? 1001 : 1005);
      }
    },
  },
  {
    name: 'cancel() stops a closing channel too',
    async run(t) {
      const group = new t.api.LoadGroup();
      const talk = await t.opened(t.peer('rude', '/stubborn'), { loadGroup: group });
      talk.close(4000);
      await t.observed(talk, 'close');
      group.cancel();
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      t.is((await t.observedLast(talk)).frameCount, 1, 'close frames');
    },
  },
  {
    name: 'cancel() right after send() and close(): what was accepted and the close frame still go out',
    async run(t) {
      const group = new t.api.LoadGroup();
      const talk = await t.opened(t.peer('rude', '/stubborn'), { loadGroup: group });
      talk.send('accepted');
      talk.close(4000);
      group.cancel();
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      t.same((await t.observedLast(talk)).frames.map(({ opcode }) => opcode), [1, 8]);
    },
  },
  {
    name: 'cancel() takes a failure\'s number and nothing else',
    async run(t) {
      const group = new t.api.LoadGroup();
      const talk = t.open(t.peer('ws', '/echo'), { loadGroup: group });
      for (const wrong of ['text', null, NaN, 0, -1, 1.5, {}]) t.throws('NS_ERROR_INVALID_ARG', () => group.cancel(wrong), `cancel(${String(wrong)})`);
      t.is(talk.channel.state, 'connecting');
    },
  },
  {
    name: 'cancel() reaches all channels of the group and no other; the group can be used again',
    async run(t) {
      const group = new t.api.LoadGroup();
      const outside = await t.opened(t.peer('ws', '/echo'));
      const inside = [];
      for (let at = 0; at < 5; at++) inside.push(await t.opened(t.peer('ws', '/echo'), { loadGroup: group }));
      inside.push(t.open(t.peer('rude', '/silence'), { loadGroup: group }));
      t.is(group.activeCount, 6);
      group.cancel();
      for (const talk of inside) await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      t.is(group.activeCount, 0);
      outside.send('untouched');
      t.same(await outside.untilMessages(1), ['untouched']);
      const again = await t.opened(t.peer('ws', '/echo'), { loadGroup: group });
      t.is(group.activeCount, 1);
      again.close();
      await again.end();
    },
  },
  {
    name: 'cancel() inside a listener, and opening into the group while it is cancelled',
    async run(t) {
      const group = new t.api.LoadGroup();
      let next = null;
      const talk = await t.opened(t.peer('ws', '/greet', { count: 5 }), {
        loadGroup: group,
        listener: {
          onMessageAvailable: () => group.cancel(),
          onStop: () => { next = t.open(t.peer('ws', '/echo'), { loadGroup: group }); },
        },
      });
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      t.is(talk.messages.length, 1, 'messages after cancel');
      next.send('alive');
      t.same(await next.untilMessages(1), ['alive']);
      t.is(group.activeCount, 1);
    },
  },
  {
    name: 'cancel() of an empty group does nothing',
    async run(t) {
      t.is(new t.api.LoadGroup().cancel(), undefined);
    },
  },
  {
    name: 'loadGroup takes a LoadGroup or null and nothing else',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      for (const wrong of [{}, [], 5, 'group', true, new t.api.WebSocketChannel()]) {
        t.throws('NS_ERROR_INVALID_ARG', () => { channel.loadGroup = wrong; }, `loadGroup = ${Object.prototype.toString.call(wrong)}`);
        t.is(channel.loadGroup, null);
      }
      const group = new t.api.LoadGroup();
      channel.loadGroup = group;
      t.is(channel.loadGroup, group);
      channel.loadGroup = null;
      t.is(channel.loadGroup, null);
    },
  },
];
