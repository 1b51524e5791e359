import { untilFrames, withRaw } from '../harness/raw_talk.js';
import { CLOSE, frame, PING, PONG, TEXT } from '../peers/frame.js';

/**
 * pingInterval and pingTimeout. Only in Node: a browser has neither (attribute.js), nor sendPing (send_ping.js). The seconds are real. To check that something
 * does not happen, a case waits for as long as another channel takes to send some pings (`heartbeats`).
 */
export const pings = [
  {
    name: 'pingInterval and pingTimeout accept whole seconds, and only before asyncOpen',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      t.same([channel.pingInterval, channel.pingTimeout], [0, 10]);
      for (const wrong of [-1, 0.5, NaN, Infinity, 2_147_484, '5', null, undefined, 5n, true, {}]) {
        t.throws('NS_ERROR_INVALID_ARG', () => { channel.pingInterval = wrong; }, `pingInterval = ${String(wrong)}`);
        t.throws('NS_ERROR_INVALID_ARG', () => { channel.pingTimeout = wrong; }, `pingTimeout = ${String(wrong)}`);
      }
      t.throws('NS_ERROR_INVALID_ARG', () => { channel.pingTimeout = 0; });
      t.same([channel.pingInterval, channel.pingTimeout], [0, 10], 'after the refusals');
      const talk = t.open(t.peer('ws', '/echo'), { attributes: { pingInterval: 2_147_483, pingTimeout: 2_147_483 } });
      const refuses = (when) => {
        t.throws('NS_ERROR_ALREADY_OPENED', () => { talk.channel.pingInterval = 1; }, `pingInterval ${when}`);
        t.throws('NS_ERROR_ALREADY_OPENED', () => { talk.channel.pingTimeout = 1; }, `pingTimeout ${when}`);
        t.same([talk.channel.pingInterval, talk.channel.pingTimeout], [2_147_483, 2_147_483], when);
      };
      refuses('while connecting');
      await talk.until('onStart');
      refuses('while open');
      await t.roundTrip();
      t.is((await t.observed(talk)).frameCount, 0, 'a long interval sends nothing at once');
      talk.close();
      await talk.end();
      refuses('when stopped');
    },
  },
  {
    name: 'after pingInterval of silence, a ping is sent, and its pong keeps the channel open',
    async run(t) {
      // Once a ping is answered, the next one is due after another pingInterval, however long pingTimeout is.
      await Promise.all([1, 2, 60].map((pingTimeout) => withRaw(t, { pongs: true, attributes: { pingInterval: 1, pingTimeout } }, async (talk, connection) => {
        const pings = await untilFrames(connection, PING, 3);
        t.same(pings.map(({ fin, masked, rsv, length }) => [fin, masked, rsv, length]), Array(3).fill([true, true, 0, 0]));
        t.same([talk.channel.state, talk.channel.bufferedAmount, talk.names], ['open', 0, ['onStart']]);
      })));
    },
  },
  {
    name: 'ws and Python\'s websockets answer the pings',
    async run(t) {
      const peers = ['ws', 'wss', ...(t.addresses.python ? ['python'] : [])];
      const talks = await Promise.all(peers.map((peer) => t.opened(t.peer(peer, '/echo'), {
        attributes: { pingInterval: 1, pingTimeout: 1 }, options: { tls: { ca: t.addresses.cert } },
      })));
      await heartbeats(t, 3);
      for (const [at, talk] of talks.entries()) {
        if (peers[at] !== 'python') t.ok((await t.observed(talk, 'frames:2')).frames.every(({ opcode }) => opcode === PING), 'pings and nothing else');
        talk.send('alive');
        t.same(await talk.untilMessages(1), ['alive']);
      }
    },
  },
  {
    name: 'no ping is sent while any bytes arrive, even a frame that arrives byte by byte',
    async run(t) {
      const text = (connection) => connection.socket.write(frame(TEXT, 'x'));
      const bits = frame(TEXT, 'y'.repeat(100));
      const bit = (connection, at) => connection.socket.write(bits.subarray(at, at + 1));
      await Promise.all([text, bit].map((write) => withRaw(t, { attributes: { pingInterval: 1 } }, async (talk, connection) => {
        for (let at = 0; at < 14; at++) {
          write(connection, at);
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
        t.same(connection.frames, [], 'frames while bytes came');
        await untilFrames(connection, PING);
        if (write === bit) connection.socket.write(bits.subarray(14));
        await talk.untilMessages(1);
      })));
    },
  },
  {
    name: 'no byte arrives within pingTimeout after the ping: NS_ERROR_NET_TIMEOUT_EXTERNAL, and the connection ends',
    async run(t) {
      const silent = () => {};
      const answersOnce = async (connection) => {
        await untilFrames(connection, PING);
        connection.socket.write(frame(PONG));
      };
      await Promise.all([silent, answersOnce].map((manner) => withRaw(t, { attributes: { pingInterval: 1, pingTimeout: 1 }, ends: TIMEOUT }, async (talk, connection) => {
        await manner(connection);
        const detail = await t.stops(talk, { node: TIMEOUT });
        t.same([detail.timeout, detail.wasClean, detail.code, detail.closedBy], ['ping', false, 1006, null]);
        t.ok(detail.message.includes('pingTimeout') || /\bping\b/i.test(detail.message), detail.message);
        await connection.until(({ ended }) => ended, 'the end of the connection');
        t.is(connection.frames.filter(({ opcode }) => opcode === PING).length, manner === silent ? 1 : 2, 'pings');
      })));
    },
  },
  {
    name: 'any byte within pingTimeout keeps the channel open, even if it is not a pong',
    async run(t) {
      await withRaw(t, { attributes: { pingInterval: 1, pingTimeout: 1 } }, async (talk, connection) => {
        const answer = connection.onFrame;
        connection.onFrame = (one) => {
          answer(one);
          if (one.opcode === PING) connection.socket.write(frame(TEXT, 'busy'));
        };
        await untilFrames(connection, PING, 3);
        t.is(talk.channel.state, 'open');
      });
    },
  },
  {
    name: 'pingTimeout detects a peer that has stopped reading and writing, even if much is still to be sent',
    async run(t) {
      await withRaw(t, { attributes: { pingInterval: 1, pingTimeout: 1 }, options: { deflate: false }, ends: TIMEOUT }, async (talk, connection) => {
        connection.socket.pause();
        for (let at = 0; at < 40; at++) talk.send(new Uint8Array(2 ** 20));
        t.is((await t.stops(talk, { node: TIMEOUT })).timeout, 'ping');
      });
    },
  },
  {
    name: 'pingTimeout does not stop a channel whose peer reads slowly: it still reads what was sent before the ping, and then answers',
    async run(t) {
      const attributes = { pingInterval: 1, pingTimeout: 1 };
      await withRaw(t, { attributes, pongs: true, options: { deflate: false } }, async (talk, connection) => {
        const { socket } = connection;
        // The peer reads 64 KiB or less at a time. It reads freely once the system has taken the last bytes, because the channel cannot see how many of
        // those the peer has yet to read.
        socket.on('data', () => {
          if (talk.channel.bufferedAmount === 0) return;
          socket.pause();
          setTimeout(() => socket.resume(), 10);
        });
        for (let at = 0; at < 30; at++) talk.send(new Uint8Array(2 ** 20));
        const started = performance.now();
        // Its pong arrives when the peer has read everything, which takes far longer than pingInterval and pingTimeout.
        await talk.channel.sendPing('behind it all');
        const took = performance.now() - started;
        t.ok(took > 3000, `the ping took only ${took} ms, too short to show that the channel waits`);
        t.same([talk.channel.state, talk.acknowledged.length], ['open', 30]);
      });
    },
  },
  {
    name: 'a suspended channel sends no pings and expects no pongs until it is resumed',
    async run(t) {
      const [silent, pinged] = [{ attributes: { pingInterval: 1, pingTimeout: 1 } }, { attributes: { pingInterval: 1, pingTimeout: 1 } }];
      await withRaw(t, { ...silent, pongs: true }, async (talk, connection) => withRaw(t, { ...pinged }, async (other, second) => {
        talk.channel.suspend();
        await untilFrames(second, PING);
        other.channel.suspend();
        await heartbeats(t, 3);
        t.same([connection.frames.length, second.frames.length], [0, 1], 'frames while suspended');
        t.same([talk.channel.state, other.channel.state], ['open', 'open']);
        second.socket.write(frame(PONG));
        second.socket.write(frame(TEXT, 'alive'));
        talk.channel.resume();
        other.channel.resume();
        await untilFrames(connection, PING);
        t.same(await other.untilMessages(1), ['alive']);
      }));
    },
  },
  {
    name: 'after close(), only closeTimeoutMs applies, and no ping is sent',
    async run(t) {
      await withRaw(t, { attributes: { pingInterval: 1, pingTimeout: 1 }, options: { closeTimeoutMs: 3500 }, ends: TIMEOUT }, async (talk, connection) => {
        connection.onFrame = () => {};
        talk.close();
        t.is((await t.stops(talk, { node: TIMEOUT })).timeout, 'close');
        t.same(connection.frames.map(({ opcode }) => opcode), [CLOSE]);
      });
    },
  },
];

/** Returns when another channel has sent this many keep-alive pings, one per second. */
async function heartbeats(t, count) {
  await withRaw(t, { pongs: true, attributes: { pingInterval: 1, pingTimeout: 1 } }, (talk, connection) => untilFrames(connection, PING, count));
}

const TIMEOUT = 'NS_ERROR_NET_TIMEOUT_EXTERNAL';
