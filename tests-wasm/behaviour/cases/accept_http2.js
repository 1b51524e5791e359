import { once } from 'node:events';
import { connect } from 'node:http2';
import { WebSocket as Ws } from 'ws';
import { clientFrame } from '../harness/acceptor.js';
import { echoOn, startHttp2 } from '../harness/http2_server.js';

const ASKING = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat?a=b', 'sec-websocket-version': '13' };

/** The server end on HTTP/2 streams. The client is node:http2, with frames by ws or made by hand. */
export const http2Acceptances = [
  ...['stream', 'connect'].map((event) => ({
    name: `from the event ${event}: messages of all sizes go both ways, and the attributes show what was negotiated`,
    async run(t) {
      const { ask, talk } = await startAccepting(t, { event, talk: { protocols: 'b, a', echo: true, options: { headers: { 'X-Own': 'yes', 'Set-Cookie': 'a=1' } } } });
      const { stream, fields } = await ask({ ...ASKING, 'sec-websocket-protocol': 'a, b' });
      t.same([fields[':status'], fields['sec-websocket-protocol'], fields['x-own'], fields['set-cookie'][0]], [200, 'b', 'yes', 'a=1']);
      for (const name of ['connection', 'upgrade', 'sec-websocket-accept']) t.is(fields[name], undefined, name);
      const client = clientOn(stream);
      const sent = [0, 1, 125, 126, 65_535, 65_536, 3_000_000].flatMap((size) => ['x'.repeat(size), Buffer.alloc(size, 7)]);
      for (const message of sent) client.send(message);
      const back = await client.received(sent.length);
      for (const [at, message] of sent.entries()) t.ok(Buffer.from(message).equals(back[at]), `message ${at}`);
      const { channel } = await talk();
      t.ok(channel.URI.startsWith('wss://localhost:') && channel.URI.endsWith('/chat?a=b'), channel.URI);
      t.same([channel.protocol, channel.httpResponse.status, channel.securityInfo.alpn], ['b', 200, 'h2']);
      client.close(4000, 'bye');
      t.is((await t.stops(await talk(), { node: 'NS_OK' })).code, 4000);
      if (!stream.closed) await once(stream, 'close');
      t.is(stream.rstCode, 0);
    },
  })),
  ...[
    ['a method other than CONNECT', { ':method': 'GET', ':protocol': undefined }, 405, { allow: 'CONNECT' }],
    ['no protocol', { ':protocol': undefined, ':path': undefined, ':scheme': undefined, ':authority': 'localhost' }, 400],
    ['a protocol other than websocket', { ':protocol': 'connect-udp' }, 501],
    ['no version', { 'sec-websocket-version': undefined }, 400, { 'sec-websocket-version': '13' }],
    ['a path that would change the host', { ':scheme': 'wss', ':path': '@other/x' }, 400],
    ['an old version', { 'sec-websocket-version': '8' }, 426, { 'sec-websocket-version': '13' }],
    ['a subprotocol that is not a token', { 'sec-websocket-protocol': 'a b' }, 400],
    ['invalid extensions', { 'sec-websocket-extensions': 'x; a="' }, 400],
  ].map(([what, changes, status, fieldsToo = {}]) => ({
    name: `${what} gets a ${status} response with an explanation, and the session goes on`,
    async run(t) {
      const { ask, talk } = await startAccepting(t, { talk: { echo: true } });
      const { fields, body } = await ask({ ...ASKING, ...changes });
      t.is(fields[':status'], status);
      for (const [name, value] of Object.entries(fieldsToo)) t.is(fields[name], value, name);
      t.ok((await body).length > 20, await body);
      const detail = await t.stops(await talk(), { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
      t.ok(detail.message.includes(String(status)), detail.message);
      const { stream } = await ask(ASKING);
      const client = clientOn(stream);
      client.send('still here');
      t.is(String((await client.received(1))[0]), 'still here');
    },
  })),
  {
    name: 'refuse sends the status, the body and the headers of the options; the channel stays idle',
    async run(t) {
      let refused;
      const { ask } = await startAccepting(t, { each(headers, stream) {
        refused = new t.api.WebSocketChannel({ headers: { 'Retry-After': '9', 'Keep-Alive': 'timeout=5' } });
        refused.refuse(headers, stream, 503, 'später');
      } });
      const { fields, body } = await ask(ASKING);
      t.same([fields[':status'], fields['retry-after'], fields['keep-alive'], await body, refused.state], [503, '9', undefined, 'später', 'idle']);
    },
  },
  {
    name: 'responses without a body reach the client: HEAD, accepted or refused, and a refusal with 304',
    async run(t) {
      for (const [method, status, expected] of [['HEAD', null, 405], ['HEAD', 404, 404], ['GET', 304, 304], ['HEAD', 304, 304]]) {
        const { ask } = await startAccepting(t, { each(headers, stream) {
          const channel = new t.api.WebSocketChannel();
          if (status === null) channel.asyncAccept(headers, stream, null, {}, null);
          else channel.refuse(headers, stream, status, 'why');
        } });
        const { fields, body } = await ask({ ':method': method, ':path': '/' });
        t.same([fields[':status'], await body], [expected, ''], `${method} ${status}`);
      }
    },
  },
  ...[
    ['an unmasked frame', clientFrame(1, 'hello', { mask: false }), 'NS_ERROR_ILLEGAL_VALUE', 1002],
    ['text that is not UTF-8', clientFrame(1, Buffer.from([0xff])), 'NS_ERROR_CANNOT_CONVERT_DATA', 1007],
    ['a message over the limit', clientFrame(2, Buffer.alloc(120)), 'NS_ERROR_FILE_TOO_BIG', 1009],
  ].map(([what, frame, status, code]) => ({
    name: `${what} fails the channel: ${status}, a close frame with ${code}, and the other streams go on`,
    async run(t) {
      const { ask, talk } = await startAccepting(t, { talk: { echo: true, options: { maxMessageSize: 100 } } });
      const [{ stream }, other] = [await ask(ASKING), await ask(ASKING)];
      stream.write(frame);
      const [close] = await once(stream, 'data');
      t.same([close[0], close.readUInt16BE(2)], [0x88, code]);
      await t.stops(await talk(), { node: status });
      const client = clientOn(other.stream);
      client.send('still here');
      t.is(String((await client.received(1))[0]), 'still here');
    },
  })),
  {
    name: 'the channel stops and says why if its stream is reset or ended, or if its session is gone',
    async run(t) {
      const { ask, talk, session } = await startAccepting(t);
      const streams = [];
      for (let at = 0; at < 4; at++) streams.push((await ask(ASKING)).stream);
      for (let at = 0; at < 4; at++) await (await talk(at)).until('onStart');
      streams[0].close(8);
      t.ok((await t.stops(await talk(0), { node: 'NS_ERROR_NET_RESET' })).message.includes('CANCEL'));
      streams[1].end();
      await t.stops(await talk(1), { node: 'NS_BASE_STREAM_CLOSED' });
      session.destroy();
      const { status, detail } = await (await talk(2)).end();
      t.oneOf(t.api.statusName(status), ['NS_ERROR_NET_RESET', 'NS_BASE_STREAM_CLOSED']);
      t.ok(detail.message.length > 20, detail.message);
    },
  },
  {
    name: 'asyncAccept and refuse throw for headers that Node refuses over HTTP/2, and the stream can still be refused',
    async run(t) {
      let errors;
      const { ask } = await startAccepting(t, { each(headers, stream) {
        const wrong = { headers: [['Retry-After', '1'], ['Retry-After', '2']] };
        errors = [
          t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel(wrong).asyncAccept(headers, stream, null, {}, null)),
          t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel(wrong).refuse(headers, stream, 404)),
        ];
        new t.api.WebSocketChannel().refuse(headers, stream, 404);
      } });
      const { fields, body } = await ask(ASKING);
      t.same([fields[':status'], await body], [404, '']);
      for (const { message, cause } of errors) t.ok(message.includes('headers') && cause.code === 'ERR_HTTP2_HEADER_SINGLE_VALUE', `${message} ${cause}`);
    },
  },
  {
    name: 'suspend() makes only its own client wait; a load group sends to members over HTTP/1.1 and HTTP/2',
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      const { ask, talk, talks } = await startAccepting(t, { talk: { loadGroup, options: { deflate: false } } });
      const clients = [];
      for (let at = 0; at < 2; at++) clients.push(clientOn((await ask(ASKING)).stream));
      const first = await talk(0);
      await (await talk(1)).until('onStart');
      first.channel.suspend();
      for (let at = 0; at < 64; at++) clients[0].send(Buffer.alloc(1 << 18, at));
      clients[1].send('through');
      t.same(await (await talk(1)).untilMessages(1), ['through']);
      t.ok(clients[0].socket.bufferedAmount > 1 << 20, `the client has ${clients[0].socket.bufferedAmount} bytes left`);
      first.channel.resume();
      await first.untilMessages(64);
      const over1 = await t.opened(t.peer('ws', '/echo'), { loadGroup, options: { deflate: false } });
      for (const { channel, sent } of [...talks, over1]) if (channel.state === 'open') sent.push(6);
      t.is(loadGroup.sendMsg('to all'), 3);
      for (const client of clients) t.is(String((await client.received(1))[0]), 'to all');
      t.same(await over1.untilMessages(1), ['to all']);
    },
  },
  {
    name: 'a client that leaves before the server answers: asyncAccept does not throw, the channel stops, and refuse does nothing',
    async run(t) {
      const leaving = async (leave) => {
        let given;
        const { session } = await startAccepting(t, { each(...it) { given = it.slice(0, 2); } });
        const stream = session.request(ASKING, { endStream: false }).on('error', () => {});
        while (given === undefined) await new Promise(setImmediate);
        given[1].on('error', () => {}); // as a server does while it decides
        leave(stream, session);
        await new Promise((resolve) => setTimeout(resolve, 100));
        return given;
      };
      for (const leave of [(stream) => stream.close(8), (stream) => stream.end(), (stream, session) => session.destroy()]) {
        const talk = t.open('/', { accept: [...await leaving(leave), null] });
        await t.stops(talk, { node: 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED' });
        t.same(talk.calls.map(({ call }) => call), ['onStart', 'onStop']);
      }
      new t.api.WebSocketChannel().refuse(...await leaving((stream) => stream.close(8)), 404, 'nobody hears it');
    },
  },
  {
    name: 'an HTTP/2 request that was answered cannot be answered again',
    async run(t) {
      let errors;
      const { ask } = await startAccepting(t, { each(headers, stream) {
        stream.respond({ ':status': 404 });
        const channel = () => new t.api.WebSocketChannel();
        errors = [() => channel().asyncAccept(headers, stream, null, {}, null), () => channel().refuse(headers, stream, 404)].map((again) => t.throws('NS_ERROR_INVALID_ARG', again));
        stream.end('mine');
      } });
      const { fields, body } = await ask(ASKING);
      t.same([fields[':status'], await body], [404, 'mine']);
      for (const { message } of errors) t.ok(message.endsWith('this request was answered already. Answer each upgrade once.'), message);
    },
  },
  {
    name: 'a stream can be accepted only once, and invalid headers and streams throw',
    async run(t) {
      let twice;
      const { ask, talk } = await startAccepting(t, { each(headers, stream, accept) { twice = [headers, stream, null]; accept(); } });
      const { stream: given } = await ask(ASKING);
      await talk();
      t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel().asyncAccept(...twice, {}, null));
      const [headers, stream] = twice;
      for (const wrong of [null, 'headers', 5]) t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel().asyncAccept(wrong, stream, null, {}, null));
      t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel().asyncAccept(headers, {}, null, {}, null));
      const text = Object.create(stream, { readableEncoding: { value: 'utf8' } });
      t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel().asyncAccept(headers, text, null, {}, null));
      given.close();
    },
  },
  {
    name: 'this package at both ends, with compression: two hundred channels on one session',
    async run(t) {
      const { url, options, sessions, talks } = await startAccepting(t, { talk: { echo: true } });
      const clients = Array.from({ length: 200 }, () => t.open(url, { options: options() }));
      for (const client of clients) t.is((await client.until('onStart')).state, 'open');
      for (const client of clients) client.send('{"json":"some text that is long enough to be compressed"}'.repeat(3));
      for (const client of clients) t.is((await client.untilMessages(1))[0].length, 171);
      t.same([sessions.length, talks.length, clients[0].channel.extensions], [2, 200, 'permessage-deflate']); // one session is the harness's own
      for (const client of clients) client.close();
      for (const client of clients) await t.stops(client, { node: 'NS_OK' });
    },
  },
  {
    name: 'streams of ws and streams of this package work side by side on one session',
    async run(t) {
      const server = await startHttp2(t, { each(stream, headers) {
        if (headers[':path'] === '/ws') echoOn(stream);
        else t.open('/', { accept: [headers, stream, null] });
      } });
      const [one, other] = [await t.opened(`${server.url}/ws`, { options: server.options() }), await t.opened(`${server.url}/own`, { options: server.options() })];
      one.send('hello');
      t.same(await one.untilMessages(1), ['hello']);
      t.is(other.channel.state, 'open');
    },
  },
];

/**
 * Starts a server whose streams this package accepts, from its event `stream` or `connect`, and opens a session to it. `talk` is as in startAcceptor. If
 * `each(headers, stream, accept)` is given, it decides what to do with a stream. Returns what startHttp2 returns, and { ask(fields), talk(at), talks,
 * session }. `ask` returns { stream, fields, body }.
 */
async function startAccepting(t, { event = 'stream', talk: given = {}, each = (headers, stream, accept) => accept() } = {}) {
  const talks = [];
  const accept = (request, stream) => {
    const echo = given.echo ? { onMessageAvailable: (_, text) => made.send(text), onBinaryMessageAvailable: (_, bytes) => made.send(bytes) } : {};
    const made = t.open('/', { ...given, listener: echo, accept: [request, stream, null] });
    talks.push(made);
  };
  const server = await startHttp2(t, { each(stream, headers) { if (event === 'stream') each(headers, stream, () => accept(headers, stream)); } });
  if (event === 'connect') server.server.on('request', () => {}).on('connect', (request) => accept(request, request.stream)); // `connect` needs a listener of `request`
  const session = connect(server.url.replace('wss', 'https'), { ca: t.addresses.authority.root.cert });
  session.on('error', () => {});
  t.onEnd(() => session.destroy());
  await once(session, 'remoteSettings');
  const ask = async (fields) => {
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    const stream = session.request(given, { endStream: false });
    stream.on('error', () => {});
    const [answer] = await once(stream, 'response');
    const body = answer[':status'] === 200 ? null : new Response(stream).text();
    return { stream, fields: answer, body };
  };
  const talk = async (at = 0) => {
    while (talks.length <= at) await new Promise(setImmediate);
    return talks[at];
  };
  return { ...server, ask, talk, talks, session };
}

/** Makes ws a client on an open stream. Returns { socket, send, close, received(count) }. */
function clientOn(stream) {
  const socket = new Ws(null, undefined, { autoPong: true });
  socket._isServer = false; // so that it masks, as a client does
  socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 0, skipUTF8Validation: false, allowSynchronousEvents: true });
  const messages = [];
  socket.on('message', (data) => messages.push(data)).on('error', () => {});
  return {
    socket,
    send: (data) => socket.send(data),
    close: (...args) => socket.close(...args),
    async received(count) {
      while (messages.length < count) await once(socket, 'message');
      return messages.splice(0, count);
    },
  };
}
