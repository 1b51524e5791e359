/** The opening handshake, RFC 6455 §4: what is sent, and which responses are accepted. */
export const handshakes = [
  {
    name: 'the request is what RFC 6455 §4.1 asks for',
    async run(t) {
      const talk = await t.opened(t.raw(''));
      const { request } = await t.observed(talk);
      const { headers } = request;
      t.same([request.method, request.version], ['GET', 'HTTP/1.1']);
      t.is(request.target, talk.url.replace(/^ws:\/\/[^/]+/, ''));
      t.is(headers.host, `127.0.0.1:${t.addresses.rude}`);
      t.is(headers.upgrade.toLowerCase(), 'websocket');
      t.ok(headers.connection.toLowerCase().split(/\s*,\s*/).includes('upgrade'), `Connection: ${headers.connection}`);
      t.is(headers['sec-websocket-version'], '13');
      t.ok(/^[A-Za-z0-9+/]{21}[AQgw]==$/.test(headers['sec-websocket-key']), `a key of 16 bytes in base64: ${headers['sec-websocket-key']}`);
    },
  },
  {
    name: 'nothing is offered or sent that was not requested',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.raw(''), { options: { deflate: false } });
      const { request } = await t.observed(talk);
      const names = request.lines.map((line) => line.split(':')[0].toLowerCase()).sort();
      t.same(names, ['connection', 'host', 'sec-websocket-key', 'sec-websocket-version', 'upgrade']);
    },
  },
  {
    name: 'the key is different each time',
    async run(t) {
      const keys = new Set();
      for (let at = 0; at < 10; at++) {
        const talk = await t.opened(t.raw(''));
        keys.add((await t.observed(talk)).request.headers['sec-websocket-key']);
      }
      t.is(keys.size, 10);
    },
  },
  ...Object.entries({
    'a valid response': '',
    'header names and values with different case and spaces': [['Upgrade: websocket', 'UPGRADE:WebSocket  '], ['Connection: Upgrade', 'connection:  upgrade'], ['Sec-WebSocket-Accept: ', 'sec-websocket-accept:   ']],
    'Upgrade among other options of Connection': [['Connection: Upgrade', 'Connection: keep-alive, Upgrade']],
    'another reason phrase': [['Switching Protocols', 'Go Ahead Then']],
    'unrelated headers': [['Upgrade: ', 'Server: rude/1.0\r\nX-Empty:\r\nUpgrade: ']],
  }).map(([what, changes]) => ({
    name: `accepted: ${what}`,
    async run(t) {
      const talk = await t.opened(answer(t, changed(changes)));
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
    },
  })),
  {
    name: 'accepted: a response one byte at a time, with a message right after it',
    async run(t) {
      const talk = await t.opened(answer(t, `${GOOD}\x81\x02hi`, { drip: 1 }));
      t.same(await talk.untilMessages(1), ['hi']);
    },
  },
  {
    name: 'accepted: messages and the close frame in one piece with the response',
    async run(t) {
      const talk = await t.opened(answer(t, `${GOOD}\x81\x02hi\x82\x01\x07\x88\x02\x03\xe8`, { closes: 1 }));
      await t.stops(talk, { node: 'NS_OK' });
      t.same(talk.messages, ['hi', new Uint8Array([7])]);
      t.same((await talk.until('onServerClose')).args, [1000, '']);
    },
  },
  ...Object.entries({
    'a wrong accept key': [['{accept}', 'dGhlIHNhbXBsZSBub25jZQ==']],
    'the accept key with a letter added': [['Sec-WebSocket-Accept: {accept}', 'Sec-WebSocket-Accept: {accept}x']],
    'no accept key': [['Sec-WebSocket-Accept: {accept}\r\n', '']],
    'an empty accept key': [['{accept}', '']],
    'two accept keys': [['Sec-WebSocket-Accept: {accept}\r\n', 'Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n']],
    'no Upgrade': [['Upgrade: websocket\r\n', '']],
    'a different Upgrade': [['Upgrade: websocket', 'Upgrade: h2c']],
    'no Connection': [['Connection: Upgrade\r\n', '']],
    'a different Connection': [['Connection: Upgrade', 'Connection: close']],
    'an extension that was not offered': [['\r\n\r\n', '\r\nSec-WebSocket-Extensions: x-nobody-knows\r\n\r\n']],
  }).map(([what, changes]) => ({
    name: `refused: ${what}`,
    async run(t) {
      for (const query of [{}, { drip: 1 }]) {
        const talk = t.open(answer(t, changed(changes), query));
        const detail = await t.stops(talk, { node: ILLEGAL, browser: REFUSED });
        t.same(talk.names, ['onStart', 'onStop']);
        t.is(detail.wasClean, false);
        t.is((await t.observed(talk, 'ended')).frames.filter(({ opcode }) => opcode < 3).length, 0, 'messages to a peer that failed the handshake');
      }
    },
  })),
  {
    name: 'refused: permessage-deflate, which was not offered, and a subprotocol when none was requested',
    // A browser offers the extension, and Firefox accepts the subprotocol.
    hosts: ['node'],
    async run(t) {
      for (const header of ['Sec-WebSocket-Extensions: permessage-deflate', 'Sec-WebSocket-Protocol: chat']) {
        const talk = t.open(answer(t, changed([['\r\n\r\n', `\r\n${header}\r\n\r\n`]])), { options: { deflate: false } });
        await t.stops(talk, { node: ILLEGAL });
      }
    },
  },
  {
    name: 'refused: a subprotocol that was not requested, or two subprotocols',
    async run(t) {
      for (const selected of ['other', 'Chat', 'chat, superchat']) {
        const talk = t.open(answer(t, changed([['\r\n\r\n', `\r\nSec-WebSocket-Protocol: ${selected}\r\n\r\n`]])), { protocols: 'chat, superchat' });
        await t.stops(talk, { node: ILLEGAL, browser: REFUSED });
      }
    },
  },
  {
    name: 'accepted: no subprotocol although some were requested',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo', { select: '' }), { protocols: 'chat' });
      t.is(talk.channel.protocol, '');
    },
  },
  {
    name: 'refused: an endless response head, in many lines and in one',
    hosts: ['node'],
    async run(t) {
      for (const path of ['/endless-head', '/endless-line']) {
        const talk = t.open(t.peer('rude', path), { options: { openTimeoutMs: 15_000 } });
        const { status, detail } = await talk.end();
        t.oneOf(t.api.statusName(status), [REFUSED, ILLEGAL], `the status after ${path}`);
        t.is(detail.timeout, null);
        await t.observed(talk, 'ended');
      }
    },
  },
  {
    name: 'wss with a certificate that the options trust',
    hosts: ['node'],
    async run(t) {
      for (const tls of [{ ca: t.addresses.cert }, { rejectUnauthorized: false }]) {
        const talk = await t.opened(t.peer('wss', '/echo'), { options: { tls } });
        talk.send('over TLS');
        talk.send(new Uint8Array(200_000));
        t.same(await talk.untilMessages(2), ['over TLS', new Uint8Array(200_000)]);
        talk.close();
        await t.stops(talk, { node: 'NS_OK' });
      }
    },
  },
  {
    name: 'an IPv6 address in the URI',
    needs: 'ipv6',
    async run(t) {
      const talk = await t.opened(t.peer('ipv6', '/echo'));
      talk.send('six');
      t.same(await talk.untilMessages(1), ['six']);
      t.is((await t.observed(talk)).request.headers.host, `[::1]:${t.addresses.ipv6}`);
    },
  },
];

function answer(t, text, query = {}) {
  return t.peer('rude', '/answer', { text, ...query });
}

/** The valid response with these replacements. Each must match, or the case would test nothing. */
function changed(changes) {
  return [...changes].reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`nothing to replace: ${from}`);
    return text.replace(from, to);
  }, GOOD);
}

const GOOD = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n';
const REFUSED = 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED';
const ILLEGAL = 'NS_ERROR_ILLEGAL_VALUE';
