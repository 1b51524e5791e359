/** LoadGroup: which channels belong to it, how many of them are active, and cancel(status). */
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
      t.ok([...group].includes(first.channel) && [...group].includes(second.channel), 'the group yields the channels themselves');
      t.is(first.channel.loadGroup, group, 'loadGroup');
      second.close();
      await second.end();
      t.ok([...group].length === 1 && [...group][0] === first.channel, 'only the first is left');
    },
  },
  {
    name: 'a custom group object whose getter reads the channel harms neither the group nor the channel',
    async run(t) {
      const members = new Set();
      let channel;
      const states = [];
      const group = {
        get [Symbol.for('websocket-channel.members')]() {
          if (channel) states.push(channel.state, channel.loadGroup === group);
          return members;
        },
      };
      const talk = t.open(t.peer('ws', '/echo'), { loadGroup: group });
      channel = talk.channel;
      await talk.until('onStart');
      channel.loadGroup = group;
      talk.send('still there');
      t.same(await talk.untilMessages(1), ['still there']);
      t.ok(members.has(channel) && states.length > 0, `${states}`);
      talk.close();
      await talk.end();
      t.is(members.size, 0);
    },
  },
  {
    name: 'a channel does not stay in the group if its asyncOpen throws or it never opens',
    async run(t) {
      const group = new t.api.LoadGroup();
      const channel = new t.api.WebSocketChannel();
      channel.loadGroup = group;
      t.throws('NS_ERROR_MALFORMED_URI', () => channel.asyncOpen('ws://[::1/', null, {}, null));
      t.is(group.activeCount, 0);
      const talk = t.open(t.peer('refusing', '/'), { loadGroup: group });
      t.is(group.activeCount, 1);
      await talk.end();
      t.is(group.activeCount, 0);
    },
  },
  {
    name: 'cancel() stops a connecting channel: onStart, then onStop with NS_BINDING_ABORTED or the given status',
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
    name: 'cancel() stops an open channel with the given status, and the peer gets a close frame',
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
    name: 'cancel() right after send() and close(): the accepted message and the close frame are still sent',
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
    name: 'cancel() accepts only the number of a failure status',
    async run(t) {
      const group = new t.api.LoadGroup();
      const talk = t.open(t.peer('ws', '/echo'), { loadGroup: group });
      for (const wrong of ['text', null, NaN, 0, -1, 1.5, {}]) t.throws('NS_ERROR_INVALID_ARG', () => group.cancel(wrong), `cancel(${String(wrong)})`);
      t.is(talk.channel.state, 'connecting');
    },
  },
  {
    name: 'cancel() stops all channels of the group and no others, and the group can be used again',
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
    name: 'cancel() inside a listener, and a new channel opened in the group during cancel()',
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
    name: 'cancel() stops members in every state, and each gets onStop with the status',
    async run(t) {
      const group = new t.api.LoadGroup();
      const into = { loadGroup: group };
      const idle = new t.api.WebSocketChannel();
      idle.loadGroup = group;
      const stopped = await t.opened(t.peer('ws', '/close', { code: 1000 }), into);
      await stopped.end();
      const open = await t.opened(t.peer('ws', '/echo'), into);
      const sending = await t.opened(t.peer('rude', '/deaf'), into);
      for (let at = 0; at < 20; at++) sending.send(new Uint8Array(2 ** 20));
      const closing = await t.opened(t.peer('rude', '/stubborn'), into);
      closing.close();
      // These come last because Chromium opens one connection at a time to each server.
      const connecting = t.open(t.peer('rude', '/silence'), into);
      const justOpened = t.open(t.peer('ws', '/echo'), into);
      const closingWhileConnecting = t.open(t.peer('rude', '/silence'), into);
      closingWhileConnecting.close();
      const active = [connecting, justOpened, open, sending, closing];
      t.ok(active.every(({ channel }) => [...group].includes(channel)), 'all are members');
      group.cancel(t.api.Status.NS_ERROR_UNEXPECTED);
      for (const talk of active) await t.stops(talk, { node: 'NS_ERROR_UNEXPECTED' });
      await t.stops(closingWhileConnecting, { node: 'NS_BINDING_ABORTED' });
      t.same([stopped.channel.status, idle.state, group.activeCount, [...group].length], [0, 'idle', 0, 0]);
    },
  },
  {
    name: 'cancel() inside onServerClose stops the channel once and breaks no law',
    async run(t) {
      const group = new t.api.LoadGroup();
      const talk = await t.opened(t.peer('ws', '/close', { at: 'message', code: 4000 }), { loadGroup: group, listener: { onServerClose: () => group.cancel() } });
      talk.send('close, please');
      const { status } = await talk.end();
      t.oneOf(t.api.statusName(status), ['NS_BINDING_ABORTED', 'NS_OK']);
      t.is(group.activeCount, 0);
    },
  },
  {
    name: 'iteration covers the members at its start, whatever happens to the group meanwhile',
    async run(t) {
      const group = new t.api.LoadGroup();
      const inside = [];
      for (let at = 0; at < 4; at++) inside.push(await t.opened(t.peer('ws', '/echo'), { loadGroup: group }));
      const seen = [];
      for (const channel of group) {
        if (seen.length === 0) group.cancel();
        if (seen.length === 1) inside.push(t.open(t.peer('ws', '/echo'), { loadGroup: group }));
        if (seen.length === 2) channel.loadGroup = null;
        seen.push(channel.serial);
      }
      t.same(seen, inside.slice(0, 4).map(({ channel }) => channel.serial));
      for (const talk of inside.slice(0, 4)) await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      const left = [...group];
      t.ok(left.length === 1 && left[0] === inside[4].channel, `only the one opened meanwhile is left, but the group has ${left.length}`);
    },
  },
  {
    name: 'a listener that cancels the group again or moves the other channels during cancel(): each channel gets one onStop',
    async run(t) {
      const [group, other] = [new t.api.LoadGroup(), new t.api.LoadGroup()];
      const inside = [];
      const listener = {
        onStop() {
          group.cancel(t.api.Status.NS_ERROR_NET_RESET);
          for (const { channel } of inside) channel.loadGroup = other;
        },
      };
      for (let at = 0; at < 4; at++) inside.push(await t.opened(t.peer('ws', '/echo'), { loadGroup: group, listener }));
      group.cancel();
      for (const talk of inside) await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      t.same([group.activeCount, other.activeCount], [0, 0]);
    },
  },
  {
    name: 'an active channel can move between groups and leave them',
    async run(t) {
      const [first, second] = [new t.api.LoadGroup(), new t.api.LoadGroup()];
      const talk = t.open(t.peer('ws', '/echo'), { loadGroup: first });
      talk.channel.loadGroup = second;
      t.same([first.activeCount, second.activeCount], [0, 1], 'while connecting');
      await talk.until('onStart');
      talk.channel.loadGroup = second;
      t.is(second.activeCount, 1, 'moved to the group it is already in');
      first.cancel();
      talk.send('untouched');
      t.same(await talk.untilMessages(1), ['untouched']);
      talk.channel.loadGroup = null;
      t.same([first.activeCount, second.activeCount, talk.channel.loadGroup], [0, 0, null], 'out of both');
      second.cancel();
      talk.channel.loadGroup = first;
      t.ok([...first][0] === talk.channel && first.activeCount === 1, 'back in the first');
      first.cancel();
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      talk.channel.loadGroup = second;
      t.same([first.activeCount, second.activeCount], [0, 0], 'a stopped channel is active in no group');
    },
  },
  {
    name: 'cancel() of an empty group does nothing',
    async run(t) {
      t.is(new t.api.LoadGroup().cancel(), undefined);
    },
  },
  {
    name: 'loadGroup accepts only a LoadGroup or null',
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
