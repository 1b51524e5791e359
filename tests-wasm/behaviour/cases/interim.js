import { startRaw } from '../harness/raw_server.js';
import { acceptFor, frame, TEXT } from '../peers/frame.js';

/** Interim responses (RFC 9110 §15.2) before the final one: a client must be able to read any number of them. */
export const interimAnswers = [
  ...[
    ['100', ['HTTP/1.1 100 Continue\r\n\r\n']], ['102', ['HTTP/1.1 102 Processing\r\n\r\n']], ['103 with headers', [hints()]],
    ['an unknown status without a reason phrase', ['HTTP/1.1 199\r\n\r\n']], ['several', ['HTTP/1.1 100 Continue\r\n\r\n', hints(), hints('</b>; rel=preload'), 'HTTP/1.1 102 Processing\r\nX-Wait: 5\r\n\r\n']],
    ['hundreds', Array.from({ length: 500 }, (_, at) => hints(`</${at}>`))],
  ].flatMap(([what, interim]) => [
    ['in one chunk', (socket, text) => socket.write(text, 'latin1')], ...(what === 'hundreds' ? [] : [['byte by byte', drip]]),
  ].flatMap(([how, write]) => [
    {
      name: `${what} before 101, ${how}: the channel opens, and the message after the response arrives`,
      run: (t) => withAnswer(t, {}, async (talk, connection) => {
        await write(connection.socket, interim.join('') + accepting(connection.head) + frame(TEXT, 'right behind').toString('latin1'));
        t.is((await talk.until('onStart')).state, 'open', 'the state in onStart');
        t.same(await talk.untilMessages(1), ['right behind']);
        t.is(talk.channel.protocol, '');
      }),
    },
    {
      name: `${what} before 404, ${how}: only the 404 counts as the response`,
      run: (t) => withAnswer(t, {}, async (talk, connection) => {
        await write(connection.socket, `${interim.join('')}HTTP/1.1 404 Not Found\r\nX-Mine: yes\r\nContent-Length: 4\r\n\r\nbody`);
        const { http, message } = await t.stops(talk, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
        t.same([http.status, http.headers['x-mine'], http.headers.link, http.headers['x-wait'], http.body], [404, 'yes', undefined, undefined, 'body']);
        t.ok(message.includes('404'), message);
      }),
    },
  ])),
  {
    name: 'headers of an interim response do not count for the handshake',
    run: (t) => withAnswer(t, {}, async (talk, connection) => {
      const forged = accepting(connection.head).replace('101 Switching Protocols', '103 Early Hints');
      connection.socket.write(`${forged}HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n`);
      const { status } = await talk.end();
      t.ok(status !== 0 && talk.calls[0].state === 'stopped', 'a 101 without Sec-WebSocket-Accept does not open');
    }),
  },
  {
    name: 'an interim response and then the end of the connection: NS_ERROR_WEBSOCKET_CONNECTION_REFUSED',
    run: (t) => withAnswer(t, {}, async (talk, connection) => {
      connection.socket.end(hints());
      await t.stops(talk, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
    }),
  },
  ...[['a slow', 20, 1], ['a fast', 0, 500]].map(([what, pause, count]) => ({
    name: `openTimeoutMs also limits ${what}, endless series of interim responses`,
    run: (t) => withAnswer(t, { openTimeoutMs: 400 }, async (talk, { socket }) => {
      const text = hints().repeat(count);
      const more = () => {
        if (socket.destroyed) return;
        if (pause > 0) socket.write(text, () => setTimeout(more, pause));
        else socket.write(text, () => setImmediate(more));
      };
      more();
      const { timeout, http } = await t.stops(talk, { node: 'NS_ERROR_NET_TIMEOUT_EXTERNAL' });
      t.same([timeout, http], ['open', null]);
    }),
  })),
];

/** Calls `use` with a channel that is connecting to a raw TCP server, and with the connection on which its request has arrived. */
async function withAnswer(t, options, use) {
  const server = await startRaw();
  try {
    const talk = t.open(`ws://127.0.0.1:${server.port}/`, { options: { closeTimeoutMs: 100, ...options } });
    const connection = await server.next();
    await use(talk, connection);
    if (!talk.stopped) talk.close();
    await talk.end();
    await server.allEnded();
  } finally {
    server.stop();
  }
}

async function drip(socket, text) {
  for (const byte of Buffer.from(text, 'latin1')) {
    await new Promise((resolve) => socket.write(Buffer.from([byte]), () => setImmediate(resolve)));
  }
}

function accepting(head) {
  const key = /^Sec-WebSocket-Key: (.*)$/im.exec(head)[1].trim();
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n\r\n`;
}

function hints(link = '</a>; rel=preload') {
  return `HTTP/1.1 103 Early Hints\r\nLink: ${link}\r\nX-Mine: no\r\nContent-Length: 20\r\n\r\n`;
}
