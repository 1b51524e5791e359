/** onStop's status for each cause: connections that never open, or end early. */
export const failures = [
  {
    name: 'connection refused',
    async run(t) {
      const talk = t.open(t.peer('refusing', '/'));
      const detail = await t.stops(talk, { node: REFUSED });
      t.same([detail.wasClean, detail.code, detail.http], [false, 1006, null]);
      if (t.host === 'node') t.is(detail.cause?.code, 'ECONNREFUSED', 'the code of the system\'s error');
    },
  },
  {
    name: 'name not found',
    hosts: ['node'],
    async run(t) {
      // The lookup is ours, so that no name server is asked and the answer is always the same.
      const lookup = (host, options, done) => done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: host }));
      const talk = t.open('ws://nobody.invalid/?id=none', { options: { socket: { lookup } } });
      const detail = await t.stops(talk, { node: 'NS_ERROR_UNKNOWN_HOST' });
      t.is(detail.cause?.code, 'ENOTFOUND');
    },
  },
  ...[
    { status: 404, body: 'nothing here' }, { status: 200, body: '<p>a page</p>' }, { status: 401, body: 'who?' }, { status: 403, body: '' }, { status: 500, body: 'ä' }, { status: 503, body: 'later' },
  ].map(({ status, body }) => ({
    name: `an HTTP response with status ${status}`,
    async run(t) {
      const talk = t.open(t.peer('ws', '/refuse', { status, body }));
      const detail = await t.stops(talk, { node: REFUSED });
      t.same(talk.names, ['onStart', 'onStop']);
      if (t.host === 'browser') return t.is(detail.http, null, 'a browser does not tell');
      t.is(detail.http.status, status);
      t.is(detail.http.headers['x-refused-by'], 'ws peer');
      t.is(detail.http.headers['content-type'], 'text/plain');
      t.is(detail.http.body, body);
      t.ok(detail.message.includes(String(status)), `the message says the status: ${detail.message}`);
    },
  })),
  {
    name: 'a browser does not follow a redirect',
    hosts: ['browser'],
    async run(t) {
      await t.stops(t.open(answer(t, `HTTP/1.1 302 Found\r\nLocation: ${t.peer('ws', '/echo')}\r\nContent-Length: 0\r\n\r\n`)), { browser: REFUSED });
    },
  },
  {
    name: 'a chunked body, and a body that ends with the connection',
    hosts: ['node'],
    async run(t) {
      const chunked = t.open(answer(t, 'HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnone\r\n0\r\n\r\n'));
      t.is((await t.stops(chunked, { node: REFUSED })).http.status, 404);
      const closed = t.open(answer(t, 'HTTP/1.1 404 Not Found\r\n\r\nto the end', { then: 'eof' }));
      t.is((await t.stops(closed, { node: REFUSED })).http.body, 'to the end');
    },
  },
  {
    name: 'an endless body is not read forever',
    hosts: ['node'],
    async run(t) {
      const talk = t.open(t.peer('rude', '/endless-body'), { options: { openTimeoutMs: 5000 } });
      const detail = await t.stops(talk, { node: REFUSED });
      t.is(detail.http.status, 403);
      t.ok(detail.http.body.startsWith('bbbb') && detail.http.body.length <= 1_048_576, `the beginning of the body, ${detail.http.body.length} characters`);
      await t.observed(talk, 'ended');
    },
  },
  {
    name: 'the connection ends before an HTTP response, or in the middle of one',
    async run(t) {
      for (const text of ['', 'HTTP/1.1', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: webso', 'HTTP/1.1 404 Not Found\r\nContent-']) {
        const talk = t.open(answer(t, text, { then: 'eof' }));
        await t.stops(talk, { node: REFUSED });
      }
    },
  },
  {
    name: 'bytes that are not HTTP',
    async run(t) {
      for (const text of ['SSH-2.0-OpenSSH_9.2\r\n\r\n', '220 mail.example ESMTP\r\n\r\n', '\x00\x01\x02\x03\r\n\r\n', '{"json": true}\r\n\r\n', 'HTTP/9 101 x\r\n\r\n']) {
        const talk = t.open(answer(t, text, { then: 'eof' }));
        const { status } = await talk.end();
        t.oneOf(t.api.statusName(status), [REFUSED, ...(t.host === 'node' ? [ILLEGAL] : [])]);
        t.same(talk.names, ['onStart', 'onStop']);
      }
    },
  },
  {
    name: 'a reset before the response',
    async run(t) {
      const talk = t.open(answer(t, '', { then: 'reset' }));
      await t.stops(talk, { node: 'NS_ERROR_NET_RESET', browser: REFUSED });
      t.same(talk.names, ['onStart', 'onStop']);
    },
  },
  {
    name: 'no response within openTimeoutMs',
    async run(t) {
      const talk = t.open(t.peer('rude', '/silence'), { options: { openTimeoutMs: 200 } });
      const detail = await t.stops(talk, { node: TIMEOUT });
      t.same([detail.timeout, detail.wasClean], ['open', false]);
      t.same(talk.names, ['onStart', 'onStop']);
      if (t.host === 'node') await t.observed(talk, 'ended');
    },
  },
  {
    name: 'half a response, and then nothing within openTimeoutMs',
    async run(t) {
      const talk = t.open(answer(t, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConn'), { options: { openTimeoutMs: 200 } });
      t.is((await t.stops(talk, { node: TIMEOUT })).timeout, 'open');
    },
  },
  {
    name: 'a response that keeps dripping does not extend openTimeoutMs',
    async run(t) {
      const talk = t.open(t.peer('rude', '/slow-head'), { options: { openTimeoutMs: 300 } });
      t.is((await t.stops(talk, { node: TIMEOUT })).timeout, 'open');
    },
  },
  {
    name: 'openTimeoutMs covers a TLS handshake that is never answered',
    async run(t) {
      const url = t.peer('rude', '/').replace('ws:', 'wss:');
      const talk = t.open(url, { options: { openTimeoutMs: 200 } });
      t.is((await t.stops(talk, { node: TIMEOUT })).timeout, 'open');
    },
  },
  {
    name: 'a certificate that is not trusted',
    async run(t) {
      const talk = t.open(t.peer('wss', '/echo'));
      const detail = await t.stops(talk, { node: SECURITY, browser: REFUSED });
      if (t.host === 'node') t.ok(detail.cause instanceof Error && detail.cause.code, `the cause tells why: ${detail.cause}`);
    },
  },
  {
    name: 'a TLS handshake with a peer that does not speak TLS',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo').replace('ws:', 'wss:'));
      await t.stops(talk, { node: SECURITY, browser: REFUSED });
    },
  },
  {
    name: 'a trusted certificate for another name',
    hosts: ['node'],
    async run(t) {
      const talk = t.open(t.peer('wss', '/echo'), { options: { tls: { ca: t.addresses.cert, servername: 'other.example' } } });
      const detail = await t.stops(talk, { node: SECURITY });
      t.is(detail.cause?.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    },
  },
  {
    name: 'the connection ends without a close frame',
    async run(t) {
      for (const hex of ['', '81 02 68 69', '81 05 68 65', '01 02 68 69', '82 7e 01']) {
        const talk = await t.opened(t.raw(hex, { after: 'frame', then: 'eof' }));
        talk.send('go');
        const detail = await t.stops(talk, { node: CLOSED });
        t.same([detail.wasClean, detail.code, detail.timeout], [false, 1006, null]);
        t.same(talk.messages, hex === '81 02 68 69' ? ['hi'] : [], `messages of ${hex}`);
      }
    },
  },
  {
    name: 'the connection ends after close(), before the close frame is answered',
    async run(t) {
      const talk = await t.opened(t.raw('', { after: 'frame', then: 'eof', deaf: 1 }));
      talk.close(4000);
      await t.stops(talk, { node: CLOSED });
    },
  },
  {
    name: 'a reset of an open connection',
    async run(t) {
      const talk = await t.opened(t.raw('', { after: 'frame', then: 'reset' }));
      talk.send('now reset');
      const detail = await t.stops(talk, { node: 'NS_ERROR_NET_RESET', browser: CLOSED });
      t.is(detail.wasClean, false);
      if (t.host === 'node') t.is(detail.cause?.code, 'ECONNRESET');
    },
  },
  {
    name: 'no answer to the close frame within closeTimeoutMs',
    async run(t) {
      for (const path of ['/stubborn', '/deaf']) {
        const talk = await t.opened(t.peer('rude', path), { options: { closeTimeoutMs: 200 } });
        talk.close();
        const detail = await t.stops(talk, { node: TIMEOUT });
        t.same([detail.timeout, detail.wasClean, detail.closedBy], ['close', false, 'local']);
        t.same(talk.names, ['onStart', 'onStop']);
        if (path === '/stubborn') t.is((await t.observedLast(talk)).close.code, 1000);
      }
    },
  },
  {
    name: 'a peer that reads nothing: unsent messages are not acknowledged, and close() times out',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/deaf'), { options: { closeTimeoutMs: 300 } });
      for (let at = 0; at < 40; at++) talk.send(new Uint8Array(1024 * 1024));
      talk.close();
      t.is((await t.stops(talk, { node: TIMEOUT })).timeout, 'close');
      t.ok(talk.acknowledged.length < 40, `${talk.acknowledged.length} of 40 MiB acknowledged by a peer that reads nothing`);
    },
  },
  {
    name: 'a peer that reads nothing and then closes: our close frame is never sent, and the channel times out',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/deaf', { hex: '880203e8' }), { options: { closeTimeoutMs: 300 } });
      for (let at = 0; at < 40; at++) talk.send(new Uint8Array(1024 * 1024));
      t.is((await t.stops(talk, { node: TIMEOUT })).timeout, 'close');
      t.same((await talk.until('onServerClose')).args, [1000, '']);
    },
  },
  {
    name: 'a peer that closes while a large message is still being sent',
    // Chromium gives up on such a connection.
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/close', { at: 'message', code: 4000 }));
      talk.send('close now');
      for (let at = 0; at < 3; at++) talk.send(new Uint8Array(5 * 1024 * 1024));
      await t.stops(talk, { node: 'NS_OK' });
      t.same((await talk.until('onServerClose')).args, [4000, '']);
    },
  },
  {
    name: 'a peer that does not stop sending cannot delay close()',
    // Firefox itself is delayed.
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/flood'), { options: { closeTimeoutMs: 400 } });
      await talk.untilMessages(10);
      talk.close();
      const delivered = talk.messages.length;
      t.is((await t.stops(talk, { node: TIMEOUT })).timeout, 'close');
      t.is(talk.messages.length, delivered, 'messages delivered, none of them after close()');
      t.is((await t.observed(talk, 'ended')).close?.code, 1000);
    },
  },
];

function answer(t, text, query = {}) {
  return t.peer('rude', '/answer', { text, ...query });
}

const REFUSED = 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED';
const TIMEOUT = 'NS_ERROR_NET_TIMEOUT_EXTERNAL';
const SECURITY = 'NS_ERROR_NET_INADEQUATE_SECURITY';
const ILLEGAL = 'NS_ERROR_ILLEGAL_VALUE';
const CLOSED = 'NS_BASE_STREAM_CLOSED';
