/**
 * permessage-deflate, RFC 7692: what is offered, which responses are accepted, and the messages, against `ws`, Python's `websockets` and the
 * rude peer. A browser negotiates by itself and has no option for it, so most cases run only in Node.
 */
const echoes = {
  'the defaults of both sides': [{}, '1'],
  'no context takeover, requested by the client': [{ clientNoContextTakeover: true, serverNoContextTakeover: true }, '1'],
  'no context takeover, chosen by the server': [{}, '{"clientNoContextTakeover":true,"serverNoContextTakeover":true}'],
  'no context takeover by the client only': [{ clientNoContextTakeover: true }, '1'],
  'no context takeover by the server only': [{ serverNoContextTakeover: true }, '1'],
  'threshold 0 on both sides': [{ threshold: 0 }, '{"threshold":0}'],
  'threshold 0 without context takeover': [{ threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true }, '{"threshold":0}'],
  'level 0': [{ level: 0 }, '1'],
  'level 1': [{ level: 1 }, '1'],
  'level 9': [{ level: 9 }, '1'],
  ...Object.fromEntries([9, 10, 11, 12, 13, 14, 15].flatMap((bits) => [
    [`windows of ${bits} bits, requested by the client`, [{ clientMaxWindowBits: bits, serverMaxWindowBits: bits }, '1']],
    [`windows of ${bits} bits, chosen by the server`, [{ clientNoContextTakeover: true }, `{"clientMaxWindowBits":${bits},"serverMaxWindowBits":${bits}}`]],
  ])),
};

const offers = [
  ['no option', undefined, 'permessage-deflate; client_max_window_bits'],
  ['deflate: {}', {}, 'permessage-deflate; client_max_window_bits'],
  ...[undefined, null].map((none) => [`every setting ${none}`, {
    threshold: none, level: none, clientMaxWindowBits: none, serverMaxWindowBits: none, clientNoContextTakeover: none, serverNoContextTakeover: none,
  }, 'permessage-deflate; client_max_window_bits']),
  ['threshold and level, which are not part of the offer', { threshold: 5, level: 1 }, 'permessage-deflate; client_max_window_bits'],
  ['clientMaxWindowBits: false', { clientMaxWindowBits: false }, 'permessage-deflate'],
  ['clientMaxWindowBits: 8', { clientMaxWindowBits: 8 }, 'permessage-deflate; client_max_window_bits=8'],
  ['clientMaxWindowBits: 15', { clientMaxWindowBits: 15 }, 'permessage-deflate; client_max_window_bits=15'],
  ['serverMaxWindowBits: 8', { serverMaxWindowBits: 8 }, 'permessage-deflate; client_max_window_bits; server_max_window_bits=8'],
  ['clientNoContextTakeover', { clientNoContextTakeover: true }, 'permessage-deflate; client_max_window_bits; client_no_context_takeover'],
  ['serverNoContextTakeover', { serverNoContextTakeover: true }, 'permessage-deflate; client_max_window_bits; server_no_context_takeover'],
  ['both takeovers false', { clientNoContextTakeover: false, serverNoContextTakeover: false }, 'permessage-deflate; client_max_window_bits'],
];

/** [the extensions in the response, the name that the message must contain, the options] */
const wrongAnswers = [
  ['permessage-deflate; foo', 'foo'],
  ['permessage-deflate; foo=1', 'foo'],
  ['permessage-deflate; Server_No_Context_Takeover', 'Server_No_Context_Takeover'],
  ...['', '=', '=7', '=16', '=0', '=-9', '=+9', '=08', '=010', '=9.0', '=1e1', '=0x9', '=9 9', '="1 0"', '="10', '=255', '=265', '=99999999999999999999'].flatMap((value) => [
    [`permessage-deflate; client_max_window_bits${value}`, 'client_max_window_bits'],
    [`permessage-deflate; server_max_window_bits${value}`, 'server_max_window_bits'],
  ]),
  ...['=', '=1', '=true', '=""'].flatMap((value) => [
    [`permessage-deflate; client_no_context_takeover${value}`, 'client_no_context_takeover'],
    [`permessage-deflate; server_no_context_takeover${value}`, 'server_no_context_takeover'],
  ]),
  ...['client_max_window_bits=10', 'server_max_window_bits=10', 'client_no_context_takeover', 'server_no_context_takeover'].map((parameter) => [
    `permessage-deflate; ${parameter}; ${parameter}`, parameter.split('=')[0],
  ]),
  ['permessage-deflate; client_max_window_bits=15', 'client_max_window_bits', { clientMaxWindowBits: false }],
  ['permessage-deflate; client_max_window_bits=11', 'client_max_window_bits', { clientMaxWindowBits: 10 }],
  ['permessage-deflate', 'server_max_window_bits', { serverMaxWindowBits: 10 }],
  ['permessage-deflate; server_max_window_bits=11', 'server_max_window_bits', { serverMaxWindowBits: 10 }],
  ['permessage-deflate', 'server_no_context_takeover', { serverNoContextTakeover: true }],
  ['permessage-deflate, permessage-deflate', 'permessage-deflate'],
  ['permessage-deflate, x-second', 'x-second'],
  ['x-first, permessage-deflate', 'x-first'],
  ['permessage-bzip2', 'permessage-bzip2'],
  ['permessage-deflate', 'permessage-deflate', false],
];

/** Responses that RFC 7692 §7.1 allows a server to send. */
const rightAnswers = [
  ['permessage-deflate'],
  [' permessage-deflate ;server_no_context_takeover; client_no_context_takeover ;client_max_window_bits=10; server_max_window_bits = 12 '],
  ['permessage-deflate; server_max_window_bits="12"; client_max_window_bits="1\\0"'],
  [', permessage-deflate ,,'],
  ['permessage-deflate; client_max_window_bits=8'],
  ['permessage-deflate; server_max_window_bits=8'],
  ['permessage-deflate; client_no_context_takeover; server_no_context_takeover'],
  ['permessage-deflate', { clientMaxWindowBits: 10 }],
  ['permessage-deflate; client_max_window_bits=9', { clientMaxWindowBits: 10 }],
  ['permessage-deflate; server_max_window_bits=9', { serverMaxWindowBits: 10 }],
  ['permessage-deflate; server_max_window_bits=15', { clientMaxWindowBits: false }],
];

export const compression = [
  ...Object.entries(echoes).map(([what, [deflate, peer]]) => ({
    name: `ws: all sizes come back: ${what}`,
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo', { deflate: peer }), { options: { deflate } });
      t.ok(talk.channel.extensions.startsWith('permessage-deflate'), `extensions: ${talk.channel.extensions}`);
      await echoesAll(t, talk, bits(what) === null ? ALL_SIZES : SOME_SIZES);
      const { frames } = await t.observed(talk);
      t.ok(frames.some(({ rsv }) => rsv === RSV1), 'something was sent compressed');
      t.ok(frames.every(({ rsv, opcode }) => rsv === 0 || (rsv === RSV1 && (opcode === 1 || opcode === 2))), 'RSV1 only on a message\'s first frame');
    },
  })),
  ...Object.entries({
    'the defaults of both sides': [{}, {}],
    'no context takeover, requested by the client': [{ clientNoContextTakeover: true, serverNoContextTakeover: true }, {}],
    'no context takeover, chosen by the server': [{}, { server_no_context_takeover: true, client_no_context_takeover: true }],
    'threshold 0': [{ threshold: 0 }, {}],
    'windows of 9 bits, requested by the client': [{ clientMaxWindowBits: 9, serverMaxWindowBits: 9 }, {}],
    'windows of 10 and 12 bits, chosen by the server': [{}, { client_max_window_bits: 10, server_max_window_bits: 12 }],
  }).map(([what, [deflate, peer]]) => ({
    name: `websockets: all sizes come back: ${what}`,
    hosts: ['node'],
    needs: 'python',
    async run(t) {
      const talk = await t.opened(t.peer('python', '/echo', { deflate: JSON.stringify(peer) }), { options: { deflate } });
      t.ok(talk.channel.extensions.startsWith('permessage-deflate'), `extensions: ${talk.channel.extensions}`);
      await echoesAll(t, talk, SOME_SIZES);
    },
  })),
  {
    name: 'a window of 8 bits is negotiated, and then nothing is sent compressed',
    hosts: ['node'],
    async run(t) {
      for (const [deflate, peer] of [[{ clientMaxWindowBits: 8, threshold: 0 }, '1'], [{ threshold: 0 }, '{"clientMaxWindowBits":8}']]) {
        const talk = await t.opened(t.peer('ws', '/echo', { deflate: peer }), { options: { deflate } });
        t.ok(talk.channel.extensions.includes('client_max_window_bits=8'), talk.channel.extensions);
        await echoesAll(t, talk, SOME_SIZES);
        t.ok((await t.observed(talk)).frames.every(({ rsv }) => rsv === 0), 'no RSV1');
      }
    },
  },
  {
    name: 'threshold: shorter and empty messages are sent uncompressed; without context takeover, the default is 1,024 bytes',
    hosts: ['node'],
    async run(t) {
      for (const [deflate, border] of [[{}, 128], [{ clientNoContextTakeover: true }, 1024], [{ threshold: 50 }, 50], [{ threshold: 0 }, 1], [{ threshold: 2 ** 31 - 1 }, Infinity]]) {
        const talk = await t.opened(t.peer('ws', '/digest', { deflate: 1 }), { options: { deflate } });
        const sizes = [0, 1, 49, 50, 127, 128, 1023, 1024, 5000];
        for (const size of sizes) talk.send('a'.repeat(size));
        await talk.untilMessages(sizes.length);
        const { frames } = await t.observed(talk, `frames:${sizes.length}`);
        t.same(frames.map(({ rsv }) => rsv === RSV1), sizes.map((size) => size >= border), `compressed with ${JSON.stringify(deflate)}: ${sizes}`);
      }
    },
  },
  {
    name: 'context takeover: of two equal messages, the second takes a tenth of the bytes; without takeover, both take the same',
    hosts: ['node'],
    async run(t) {
      for (const [deflate, taken] of [[{}, true], [{ clientNoContextTakeover: true }, false]]) {
        const talk = await t.opened(t.peer('ws', '/digest', { deflate: 1 }), { options: { deflate } });
        const message = prose(7, 4000);
        talk.send(message);
        talk.send(message);
        await talk.untilMessages(2);
        const { frames: [first, second] } = await t.observed(talk, 'frames:2');
        t.ok(taken ? second.length * 10 < first.length : second.length === first.length, `${first.length} and ${second.length} bytes with ${JSON.stringify(deflate)}`);
      }
    },
  },
  {
    name: 'level: 0 compresses nothing, and 9 is no worse than 1',
    hosts: ['node'],
    async run(t) {
      const lengths = [];
      for (const level of [0, 1, 9]) {
        const talk = await t.opened(t.peer('ws', '/digest', { deflate: 1 }), { options: { deflate: { level } } });
        talk.send(prose(3, 30_000));
        await talk.untilMessages(1);
        lengths.push((await t.observed(talk, 'frames:1')).frames[0].length);
      }
      t.ok(lengths[0] >= 30_000 && lengths[1] < 20_000 && lengths[2] <= lengths[1], `${lengths} bytes`);
    },
  },
  {
    name: 'without context takeover, a message that compression would make longer is sent uncompressed',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo', { deflate: 1 }), { options: { deflate: { clientNoContextTakeover: true } } });
      const bytes = noise(5, 5000);
      talk.send(bytes);
      t.ok(equal((await talk.untilMessages(1))[0], bytes), 'the echo');
      const { frames: [frame] } = await t.observed(talk, 'frames:1');
      t.same([frame.rsv, frame.length], [0, 5000]);
    },
  },
  ...offers.map(([what, deflate, header]) => ({
    name: `offered: ${what}`,
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.raw(''), { options: { deflate } });
      t.is((await t.observed(talk)).request.headers['sec-websocket-extensions'], header);
    },
  })),
  {
    name: 'deflate: false offers nothing, and nothing is compressed',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo', { deflate: 1 }), { options: { deflate: false } });
      talk.send('a'.repeat(5000));
      t.same(await talk.untilMessages(1), ['a'.repeat(5000)]);
      const { request, frames } = await t.observed(talk, 'frames:1');
      t.ok(!('sec-websocket-extensions' in request.headers), 'no Sec-WebSocket-Extensions in the request');
      t.same([talk.channel.extensions, frames[0].rsv, frames[0].length], ['', 0, 5000]);
    },
  },
  {
    name: 'a server without extensions gets uncompressed messages',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'), { options: { deflate: { threshold: 0 } } });
      talk.send('a'.repeat(5000));
      t.same(await talk.untilMessages(1), ['a'.repeat(5000)]);
      t.is((await t.observed(talk, 'frames:1')).frames[0].rsv, 0);
    },
  },
  {
    name: 'extensions is the response header\'s value as the server sent it, even after the channel has stopped',
    hosts: ['node'],
    async run(t) {
      for (const [value, expected] of [['permessage-deflate;client_max_window_bits=10 ; server_no_context_takeover'], ['  permessage-deflate', 'permessage-deflate']]) {
        const talk = await t.opened(t.raw('', { extensions: value }));
        t.is(talk.channel.extensions, expected ?? value);
        talk.close();
        await t.stops(talk, { node: 'NS_OK' });
        t.is(talk.channel.extensions, expected ?? value);
      }
      const two = await t.opened(t.peer('ws', '/echo', { deflate: '{"serverMaxWindowBits":11}' }));
      t.is(two.channel.extensions, 'permessage-deflate; server_max_window_bits=11');
    },
  },
  ...rightAnswers.map(([extensions, deflate]) => ({
    name: `accepted: ${extensions}${deflate ? ` for ${JSON.stringify(deflate)}` : ''}`,
    hosts: ['node'],
    async run(t) {
      // "Hello", RFC 7692 §7.2.3.1
      const talk = await t.opened(t.raw('c1 07 f2 48 cd c9 c9 07 00', { extensions }), { options: { deflate } });
      t.same(await talk.untilMessages(1), ['Hello']);
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
    },
  })),
  {
    name: 'refused: every wrong response to the offer, with a message that names the parameter',
    hosts: ['node'],
    async run(t) {
      for (const [extensions, name, deflate] of wrongAnswers) {
        const talk = t.open(t.peer('rude', '/answer', { text: GOOD.replace(/\r\n$/, `Sec-WebSocket-Extensions: ${extensions}\r\n\r\n`) }), { options: { deflate } });
        const detail = await t.stops(talk, { node: 'NS_ERROR_ILLEGAL_VALUE' });
        t.same(talk.names, ['onStart', 'onStop'], extensions);
        t.ok(detail.message.includes(name), `the message after ${extensions} names ${name}: ${detail.message}`);
      }
    },
  },
  {
    name: 'refused: a second extension in a separate header',
    hosts: ['node'],
    async run(t) {
      const line = 'Sec-WebSocket-Extensions: permessage-deflate\r\n';
      const talk = t.open(t.peer('rude', '/answer', { text: GOOD.replace(/\r\n$/, `${line}${line}\r\n`) }));
      const detail = await t.stops(talk, { node: 'NS_ERROR_ILLEGAL_VALUE' });
      t.ok(detail.message.includes('permessage-deflate'), detail.message);
    },
  },
  {
    name: 'the constructor throws NS_ERROR_INVALID_ARG for a setting of the wrong type or range, and names it',
    hosts: ['node'],
    async run(t) {
      const wrongs = {
        threshold: [-1, 0.5, NaN, Infinity, '5', true, 5n, 2 ** 31],
        level: [-1, 10, 1.5, NaN, '6', false],
        clientMaxWindowBits: [7, 16, 9.5, NaN, '10', true, {}],
        serverMaxWindowBits: [7, 16, 9.5, NaN, '10', false, true],
        clientNoContextTakeover: [0, 1, 'true', {}],
        serverNoContextTakeover: [0, 1, 'true', {}],
        windowBits: [10],
        toString: [1],
      };
      const settings = Object.entries(wrongs).flatMap(([name, values]) => values.map((value) => [`deflate.${name}`, { [name]: value }, value]));
      const wholes = [true, 0, 1, 'on', []].map((value) => ['deflate', value, value]);
      for (const [name, deflate, value] of [...settings, ...wholes]) {
        const { message } = t.throws('NS_ERROR_INVALID_ARG', () => new t.api.WebSocketChannel({ deflate }), `${name}: ${String(value)}`);
        t.ok(message.includes(name), `names ${name}: ${message}`);
      }
    },
  },
  ...[
    ['a block of the reserved type', 'c1 01 06', 1007],
    ['bytes that are not a DEFLATE stream', 'c2 04 ff ff ff ff', 1007],
    ['a stored block whose length does not match', 'c1 07 00 05 00 00 00 48 65', 1007],
    ['a match from before the beginning', 'c1 05 f2 00 11 00 00', 1007],
    ['a message that is cut off within a block', 'c1 05 f2 48 cd c9 c9', 1007],
    ['a message without a byte', 'c2 00', 1007],
    ['a message that is cut off behind a block, within the header of the next', 'c1 06 f2 48 cd c9 c9 07', 1007],
    ['a dynamic block whose code lengths are impossible', 'c2 05 fc ff ff ff ff', 1007],
  ].map(([what, hex, code, messages = []]) => ({
    name: `does not inflate: ${what}`,
    hosts: ['node'],
    async run(t) {
      for (const query of [{}, { drip: 1 }]) {
        const talk = await t.opened(t.raw(hex, { extensions: 'permessage-deflate', ...query }));
        const detail = await t.stops(talk, { node: 'NS_ERROR_INVALID_CONTENT_ENCODING' });
        t.same(talk.messages, messages);
        t.same([detail.wasClean, detail.code], [false, 1006]);
        t.is((await t.observed(talk, 'ended')).close?.code, code, 'the close code at the peer');
      }
    },
  })),
  {
    name: 'does not inflate: a match into the previous message, although the server agreed to no context takeover',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.raw('c1 07 f2 48 cd c9 c9 07 00 c1 05 f2 00 11 00 00', { extensions: 'permessage-deflate; server_no_context_takeover' }));
      await t.stops(talk, { node: 'NS_ERROR_INVALID_CONTENT_ENCODING' });
      t.same(talk.messages, ['Hello']);
      t.is((await t.observed(talk, 'ended')).close?.code, 1007);
    },
  },
  ...[
    ['a bad byte', 'c1 0a 00 04 00 fb ff 63 61 66 e9 00'],
    ['an end within a character', 'c1 08 00 02 00 fd ff e2 82 00'],
    ['a bad byte in the second fragment', '41 06 00 04 00 fb ff 63 80 04 61 66 e9 00'],
  ].map(([what, hex]) => ({
    name: `inflated text that is not UTF-8: ${what}`,
    hosts: ['node'],
    async run(t) {
      for (const query of [{}, { drip: 1 }]) {
        const talk = await t.opened(t.raw(hex, { extensions: 'permessage-deflate', ...query }));
        await t.stops(talk, { node: 'NS_ERROR_CANNOT_CONVERT_DATA' });
        t.same(talk.messages, []);
        t.is((await t.observed(talk, 'ended')).close?.code, 1007);
      }
    },
  })),
  {
    name: 'RSV1 on a continuation or a control frame fails the connection, although compression was negotiated',
    hosts: ['node'],
    async run(t) {
      for (const hex of ['41 02 f2 48 c0 05 cd c9 c9 07 00', 'c9 00', 'ca 00', 'c8 02 03 e8', 'b1 00', 'd1 00']) {
        const talk = await t.opened(t.raw(hex, { extensions: 'permessage-deflate' }));
        await t.stops(talk, { node: 'NS_ERROR_ILLEGAL_VALUE' });
        t.is((await t.observed(talk, 'ended')).close?.code, 1002, hex);
      }
    },
  },
  {
    name: 'RFC 7692\'s own examples inflate: fragments, takeover, stored and final blocks, two blocks, an empty message',
    hosts: ['node'],
    async run(t) {
      const hex = [
        'c1 07 f2 48 cd c9 c9 07 00', '41 03 f2 48 cd 80 04 c9 c9 07 00', 'c1 05 f2 00 11 00 00', 'c1 0b 00 05 00 fa ff 48 65 6c 6c 6f 00',
        'c1 08 f3 48 cd c9 c9 07 00 00', 'c1 0d f2 48 05 00 00 00 ff ff ca c9 c9 07 00', 'c1 01 00', '81 02 68 69',
      ].join('');
      for (const query of [{}, { drip: 1 }]) {
        const talk = await t.opened(t.raw(hex, { extensions: 'permessage-deflate', ...query }));
        t.same(await talk.untilMessages(8), ['Hello', 'Hello', 'Hello', 'Hello', 'Hello', 'Hello', '', 'hi']);
      }
    },
  },
  {
    name: 'close() while a large message is being sent: the whole message is sent, then the close frame',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest', { deflate: 1 }), { options: { deflate: { level: 1 } } });
      const bytes = noise(11, 8 * MIB);
      talk.send(bytes);
      talk.close(4001);
      await t.stops(talk, { node: 'NS_OK' });
      const { messages, close } = await t.observed(talk, 'close');
      t.same([messages.map(({ size }) => size), close.code, talk.acknowledged], [[bytes.length], 4001, [bytes.length]]);
    },
  },
  {
    name: 'cancel while a large message is being sent: the channel ends at once, and the peer gets no partial message',
    hosts: ['node'],
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      const talk = await t.opened(t.peer('ws', '/digest', { deflate: 1 }), { loadGroup, options: { deflate: { level: 1 } } });
      talk.send('first');
      await talk.untilMessages(1);
      talk.send(noise(12, 16 * MIB));
      loadGroup.cancel(t.api.Status.NS_BINDING_ABORTED);
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
      const { messages } = await t.observed(talk, 'ended');
      t.is(messages.length, 1);
      t.same(talk.acknowledged, [5]);
    },
  },
  {
    name: 'the channel stops if the peer cuts the connection while a large message is being sent',
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/terminate', { deflate: 1 }), { options: { deflate: { level: 1 } } });
      talk.send('go');
      talk.send(noise(13, 16 * MIB));
      const { status } = await talk.end();
      t.oneOf(t.api.statusName(status), ['NS_BASE_STREAM_CLOSED', 'NS_ERROR_NET_RESET']);
    },
  },
  {
    name: 'messages sent after a large message arrive after it, whatever their size and kind',
    hosts: ['node'],
    async run(t) {
      for (const deflate of [{ level: 1 }, { level: 1, clientNoContextTakeover: true }, false]) {
        const talk = await t.opened(t.peer('ws', '/digest', { deflate: 1 }), { options: { deflate } });
        const sent = [noise(14, 4 * MIB), 'small', noise(15, 200_000), '', prose(16, 3 * MIB), new Uint8Array(70_000), 'last'];
        for (const message of sent) talk.send(message);
        const came = (await talk.untilMessages(sent.length)).map((text) => JSON.parse(text));
        t.same(came.map(({ type, size }) => [type, size]), sent.map((message) => [typeof message === 'string' ? 'text' : 'binary', message.length]));
        await talk.until('onAcknowledge', sent.length);
      }
    },
  },
  {
    name: 'a ping is answered between the fragments of a large message, compressed or not',
    hosts: ['node'],
    async run(t) {
      for (const extensions of ['permessage-deflate', '']) {
        const talk = await t.opened(t.peer('rude', '/ping-between', { extensions }), { options: { deflate: { level: 1 } } });
        talk.send(noise(17, 24 * MIB));
        talk.close();
        await t.stops(talk, { node: 'NS_OK' });
        const { frames } = await t.observed(talk, 'ended');
        const pong = frames.findIndex(({ opcode }) => opcode === 10);
        const last = frames.findIndex(({ opcode, fin }) => opcode === 0 && fin);
        t.ok(pong > 0 && pong < last, `the pong is frame ${pong}, the message's last ${last}`);
        t.is(frames[pong].text, 'between');
        t.same(frames.filter(({ opcode }) => opcode !== 10).map(({ opcode }) => opcode), [2, ...Array(last - frames.slice(0, last).filter(({ opcode }) => opcode === 10).length).fill(0), 8]);
      }
    },
  },
  {
    name: 'control frames between the fragments of a compressed message, and uncompressed messages among compressed ones',
    hosts: ['node'],
    async run(t) {
      const hex = '41 03 f2 48 cd 89 01 31 00 00 8a 01 32 80 04 c9 c9 07 00 81 05 70 6c 61 69 6e c2 05 f2 00 11 00 00';
      const talk = await t.opened(t.raw(hex, { extensions: 'permessage-deflate' }));
      t.same(await talk.untilMessages(3), ['Hello', 'plain', new TextEncoder().encode('Hello')]);
      const { frames } = await t.observed(talk, 'frames:1');
      t.same(frames.map(({ opcode, text }) => [opcode, text]), [[10, '1']]);
    },
  },
  {
    name: 'forty channels with separate contexts do not mix their messages, and their contexts are freed',
    hosts: ['node'],
    async run(t) {
      // Ten at a time: `Context.finish` finds the wasm memory under its limit only if ended channels free their contexts.
      for (let round = 0; round < 4; round++) {
        const talks = Array.from({ length: 10 }, () => t.open(t.peer('ws', '/echo', { deflate: '{"threshold":0}' }), { options: { deflate: { threshold: 0 } } }));
        const said = talks.map((_, at) => Array.from({ length: 20 }, (_, n) => prose(100 * round + 10 * at + n, 300)));
        talks.forEach((talk, at) => said[at].forEach((text) => talk.send(text)));
        for (const [at, talk] of talks.entries()) {
          t.same(await talk.untilMessages(20), said[at]);
          talk.close();
          await talk.end();
        }
      }
    },
  },
  {
    name: 'on every host, messages come back from a server that compresses',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo', { deflate: 1 }));
      t.ok(talk.channel.extensions.startsWith('permessage-deflate'), `extensions: ${talk.channel.extensions}`);
      const sent = ['', 'short', prose(20, 5000), prose(21, 200_000), noise(22, 5000), new Uint8Array(300_000)];
      for (const message of sent) talk.send(message);
      const came = await talk.untilMessages(sent.length);
      sent.forEach((message, at) => t.ok(typeof message === 'string' ? came[at] === message : equal(came[at], message), `message ${at} came back`));
    },
  },
];

/** Sends text and binary messages of these sizes, which compress well and badly, and checks that they all come back in order. */
async function echoesAll(t, talk, sizes) {
  const sent = sizes.flatMap((size) => [prose(size, size), noise(size, size)]);
  for (const message of sent) talk.send(message);
  const came = await talk.untilMessages(sent.length);
  sent.forEach((message, at) => {
    const right = typeof message === 'string' ? came[at] === message : equal(came[at], message);
    t.ok(right, `${typeof message === 'string' ? 'text' : 'binary'} of ${message.length} came back as ${came[at].length}`);
  });
}

function bits(what) {
  return /(\d+) bits/.exec(what)?.[1] ?? null;
}

/** Text of `size` bytes with near and far repetitions, like prose. Its words come from a vocabulary larger than a small window. */
function prose(seed, size) {
  const random = generator(seed);
  const words = Array.from({ length: 600 }, () => (random(36 ** 4) + 36 ** 4).toString(36));
  let text = '';
  while (text.length < size) text += `${words[random(600) % (1 + random(600))]} `;
  return text.slice(0, size);
}

function noise(seed, size) {
  const random = generator(seed);
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = random(256);
  return bytes;
}

/** xorshift32: the numbers are the same in every run. */
function generator(seed) {
  let state = (seed + 1) * 0x9e3779b9 | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 8) % below;
  };
}

function equal(a, b) {
  return a instanceof Uint8Array && a.length === b.length && a.every((byte, at) => byte === b[at]);
}

const MIB = 1024 * 1024;
/** RSV1 as one of a frame's three RSV bits. */
const RSV1 = 4;
const SOME_SIZES = [0, 1, 127, 128, 1024, 40_000, 65_536, 65_537, 300_000];
const ALL_SIZES = [0, 1, 125, 126, 127, 128, 129, 1023, 1024, 1025, 4096, 16_384, 32_768, 65_534, 65_535, 65_536, 65_537, 131_072, 131_073, 1_048_576, 3_000_001];
const GOOD = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n';
