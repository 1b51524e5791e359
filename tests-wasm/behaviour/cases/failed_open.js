import { withServer } from '../harness/raw_server.js';
import { untilFrames, withRaw } from '../harness/raw_talk.js';
import { promised } from '../harness/sources.js';
import { CLOSE, frame, PING, PONG } from '../peers/frame.js';

/** An asyncOpen that throws late, for something that only Node refuses, does not affect pings, which have their own timer. See also construction.js. */
export const failedOpens = [
  ...FAILURES().flatMap(([what, options, fail]) => [
    {
      name: `pingInterval can be set after an asyncOpen that threw, and pings are sent: ${what}`,
      run: (t) => withServer(async (server) => {
        const channel = new t.api.WebSocketChannel(options);
        t.throws(['NS_ERROR_INVALID_ARG', 'NS_ERROR_MALFORMED_URI'], () => fail(channel, server.port));
        t.same([channel.state, channel.securityInfo], ['idle', null]);
        channel.pingInterval = 1;
        channel.protocol = '';
        const ended = open(t, channel, `ws://127.0.0.1:${server.port}/`);
        const connection = await answering(server);
        await untilFrames(connection, PING, 2);
        channel.close();
        t.is(await ended, 'NS_OK');
      }),
    },
    {
      name: `no ping is sent if pingInterval is set back to 0 after an asyncOpen that threw: ${what}`,
      run: (t) => withServer(async (server) => {
        const channel = new t.api.WebSocketChannel(options);
        channel.pingInterval = 1;
        channel.pingTimeout = 1;
        t.throws(['NS_ERROR_INVALID_ARG', 'NS_ERROR_MALFORMED_URI'], () => fail(channel, server.port));
        channel.pingInterval = 0;
        channel.protocol = '';
        const ended = open(t, channel, `ws://127.0.0.1:${server.port}/`);
        const connection = await answering(server);
        // Waits as long as another channel takes to send three pings, one per second.
        await withRaw(t, { pongs: true, attributes: { pingInterval: 1, pingTimeout: 1 } }, (talk, other) => untilFrames(other, PING, 3));
        t.same([channel.state, channel.pingInterval, connection.frames.length], ['open', 0, 0], 'state, pingInterval, frames');
        channel.close();
        t.is(await ended, 'NS_OK');
      }),
    },
  ]),
  {
    name: 'a ping refused after an asyncOpen that threw is not sent when the channel opens later',
    run: (t) => withServer(async (server) => {
      const channel = new t.api.WebSocketChannel({ tls: { minVersion: 'TLSv9' } });
      t.throws('NS_ERROR_INVALID_ARG', () => channel.asyncOpen(`wss://127.0.0.1:${server.port}/`, null, {}, null));
      t.throws('NS_ERROR_NOT_CONNECTED', () => channel.sendPing('not opened'));
      const ended = open(t, channel, `ws://127.0.0.1:${server.port}/`);
      const pong = channel.sendPing('opened');
      const connection = await answering(server);
      t.ok(await pong >= 0, 'milliseconds');
      channel.close();
      t.is(await ended, 'NS_OK');
      t.same(connection.frames.map(({ opcode, text }) => [opcode, opcode === PING ? text : '']), [[PING, 'opened'], [CLOSE, '']]);
    }),
  },
  {
    name: 'aborting the signal does nothing to a channel whose asyncOpen threw',
    run: (t) => withServer(async (server) => {
      const controller = new AbortController();
      const channel = new t.api.WebSocketChannel({ signal: controller.signal, tls: { minVersion: 'TLSv9' } });
      t.throws('NS_ERROR_INVALID_ARG', () => channel.asyncOpen(`wss://127.0.0.1:${server.port}/`, null, {}, null));
      controller.abort();
      t.same([channel.state, channel.status], ['idle', 0]);
    }),
  },
];

/** [what is wrong, the channel's options, the asyncOpen that throws]. */
function FAILURES() {
  return [
    ['a TLS option', { tls: { minVersion: 'TLSv9' } }, (channel, port) => channel.asyncOpen(`wss://127.0.0.1:${port}/`, null, {}, null)],
    ['a repeated subprotocol', {}, (channel, port) => {
      channel.protocol = 'chat, chat';
      channel.asyncOpen(`ws://127.0.0.1:${port}/`, null, {}, null);
    }],
    ['an origin with a line break', {}, (channel, port) => channel.asyncOpen(`ws://127.0.0.1:${port}/`, 'a\nb', {}, null)],
    ['a user name in the URI and in a header', { headers: { Authorization: 'Basic x' } }, (channel, port) => channel.asyncOpen(`ws://user:secret@127.0.0.1:${port}/`, null, {}, null)],
  ];
}

/** Opens the channel. Returns a promise of the name of its final status. */
function open(t, channel, url) {
  const stopped = promised();
  channel.asyncOpen(url, null, { onStop: (context, status) => stopped.resolve(t.api.statusName(status)) }, null);
  return stopped.promise;
}

/** Returns the server's next connection after a valid handshake. It answers pings and the close frame. */
async function answering(server) {
  const connection = await server.next();
  connection.onFrame = ({ opcode, hex }) => {
    if (opcode === PING) connection.socket.write(frame(PONG, Buffer.from(hex, 'hex')));
    if (opcode === CLOSE) connection.socket.end(frame(CLOSE, Buffer.from(hex, 'hex')));
  };
  connection.accept();
  return connection;
}
