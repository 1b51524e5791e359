import { startRaw } from '../harness/raw_server.js';

/** The option oneConnectingPerHost (RFC 6455 §4.1, item 2). turn.rs implements its rules; these cases test them over sockets. Only in Node. */
export const oneConnecting = [
  {
    name: 'a second channel connects when the first has opened, and then a third one, even if it is a WebSocket',
    run: (t) => withServer(async (server) => {
      const options = { oneConnectingPerHost: true };
      const url = `ws://127.0.0.1:${server.port}/`;
      const talks = [t.open(`${url}0`, { options }), t.open(`${url}1`, { options })];
      const socket = new t.api.WebSocket(`${url}2`, options);
      const closed = new Promise((resolve) => { socket.onclose = resolve; });
      const seen = [];
      for (let at = 0; at < 3; at++) {
        const connection = await server.next();
        seen.push(connection.head.split(' ')[1]);
        // If the next channel did not wait, it would connect now.
        await t.roundTrip();
        t.is(server.waiting(), 0, 'another channel connected before this one had opened');
        connection.accept();
        connection.onFrame = () => connection.socket.end(Buffer.from([0x88, 0]));
      }
      t.same(seen, ['/0', '/1', '/2']);
      await Promise.all(talks.map((talk) => talk.until('onStart')));
      talks.forEach((talk) => talk.close());
      if (socket.readyState !== t.api.WebSocket.OPEN) await new Promise((resolve) => { socket.onopen = resolve; });
      socket.close();
      t.ok((await closed).wasClean, 'the WebSocket closed cleanly');
    }),
  },
  {
    name: 'a channel that is closed while it waits never connects and does not delay the others',
    run: (t) => withServer(async (server) => {
      const options = { oneConnectingPerHost: true };
      const [first, closed, last] = [0, 1, 2].map((at) => t.open(`ws://127.0.0.1:${server.port}/${at}`, { options }));
      closed.close();
      await t.stops(closed, { node: 'NS_BINDING_ABORTED' });
      (await server.next()).socket.destroy();
      await t.stops(first, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      const connection = await server.next();
      t.ok(connection.head.startsWith('GET /2 '), connection.head);
      connection.accept();
      connection.onFrame = () => connection.socket.end(Buffer.from([0x88, 0]));
      await last.until('onStart');
    }),
  },
  {
    name: 'without the option, all channels connect at once',
    run: (t) => withServer(async (server) => {
      const talks = [0, 1, 2].map((at) => t.open(`ws://127.0.0.1:${server.port}/${at}`));
      const connections = await Promise.all(talks.map(() => server.next()));
      connections.forEach(({ socket }) => socket.destroy());
      for (const talk of talks) await t.stops(talk, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
    }),
  },
  {
    name: 'a value that is neither true nor false is refused',
    async run(t) {
      for (const oneConnectingPerHost of [1, 'yes', {}]) {
        const { message } = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel({ oneConnectingPerHost }));
        t.ok(message.startsWith('oneConnectingPerHost: '), message);
      }
    },
  },
];

async function withServer(run) {
  const server = await startRaw();
  try {
    await run(server);
  } finally {
    server.stop();
  }
}
