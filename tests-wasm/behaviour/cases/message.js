/** Messages both ways, with `ws` as the peer. */
export const messages = [
  {
    name: 'text of every kind comes back unchanged',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const texts = ['', 'a', 'plain ASCII', 'äöü ß', 'Ελληνικά', '日本語', '💧🌊', '\0 and \x7f', '\ufeffmark', '\r\n\t', 'x\u2028y', 'e\u0301', '\uffff'];
      for (const text of texts) talk.send(text);
      t.same(await talk.untilMessages(texts.length), texts);
    },
  },
  {
    name: 'lone surrogates in text become U+FFFD',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800', `${'x'.repeat(1000)}\ud83d`]) talk.send(text);
      t.same(await talk.untilMessages(4), ['\ufffd', 'a\ufffdb', '\ufffd\ufffd', `${'x'.repeat(1000)}\ufffd`]);
      await talk.until('onAcknowledge', 4);
      t.same(talk.acknowledged, [3, 5, 6, 1003]);
    },
  },
  {
    name: 'text and binary messages of sizes around every boundary come back',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const sizes = [1, 124, 125, 126, 127, 128, 1000, 4095, 4096, 16_383, 16_384, 16_385, 65_534, 65_535, 65_536, 65_537, 131_072, 200_000, 1_048_577];
      for (const size of sizes) {
        talk.send(filled(size));
        talk.send('ab'.repeat(size).slice(0, size));
      }
      const came = await talk.untilMessages(2 * sizes.length);
      sizes.forEach((size, at) => {
        t.ok(equal(came[2 * at], filled(size)), `binary of ${size}`);
        t.is(came[2 * at + 1], 'ab'.repeat(size).slice(0, size), `text of ${size}`);
      });
    },
  },
  {
    name: 'megabytes of multi-byte text come back, wherever the chunks split it',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      for (const unit of ['aä', 'a日本', 'ab💧']) {
        const text = unit.repeat(500_000);
        talk.send(text);
        const came = (await talk.untilMessages(talk.sent.length)).at(-1);
        t.ok(came === text, `text of ${text.length} characters came back as ${came.length}`);
      }
    },
  },
  {
    name: 'the peer receives the bytes that were sent, compared by digest',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const data = filled(3_000_000);
      talk.send(data);
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
      const [described] = (await talk.untilMessages(1)).map((text) => JSON.parse(text));
      t.same([described.type, described.size], ['binary', 3_000_000]);
      t.is(described.sha256, [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join(''));
    },
  },
  {
    name: 'an ArrayBuffer and every kind of view send exactly their bytes',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const { buffer } = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
      const given = [
        buffer, new Uint8Array(buffer), new Uint8Array(buffer, 3, 4), new Uint8ClampedArray(buffer, 1, 2), new Int8Array(buffer, 15, 1), new DataView(buffer, 5, 3),
        new Uint16Array(buffer, 2, 3), new Int32Array(buffer, 4, 2), new Float64Array(buffer, 8, 1), new BigInt64Array(buffer, 0, 1), new Uint8Array(buffer, 16, 0),
      ];
      if (t.host === 'node') given.push(globalThis.Buffer.from('pooled buffer'));
      for (const one of given) t.is(talk.channel.sendBinaryMsg(one), true);
      talk.sent = given.map(({ byteLength }) => byteLength);
      const expected = given.map((one) => (ArrayBuffer.isView(one) ? new Uint8Array(one.buffer, one.byteOffset, one.byteLength) : new Uint8Array(one)));
      const came = await talk.untilMessages(given.length);
      came.forEach((bytes, at) => t.ok(equal(bytes, expected[at]), `${Object.prototype.toString.call(given[at])} ${at}: ${[...bytes]}`));
    },
  },
  {
    name: 'sending a detached buffer throws NS_ERROR_INVALID_ARG, and nothing is sent',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const { buffer } = new Uint8Array(8);
      const views = [buffer, new Uint8Array(buffer), new DataView(buffer), new Float64Array(buffer)];
      structuredClone(buffer, { transfer: [buffer] });
      for (const view of views) {
        t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendBinaryMsg(view), `a detached ${Object.prototype.toString.call(view)}`);
      }
      t.is(talk.channel.bufferedAmount, 0);
      talk.send('still here');
      t.same(await talk.untilMessages(1), ['still here']);
    },
  },
  {
    name: 'a view outside its shrunken buffer throws NS_ERROR_INVALID_ARG; a length-tracking view is sent with its current length',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const buffer = new ArrayBuffer(16, { maxByteLength: 32 });
      const views = [new Uint8Array(buffer, 8, 8), new Uint8Array(buffer, 8), new Float64Array(buffer, 8, 1), new DataView(buffer, 8, 8)];
      const tracking = new Uint8Array(buffer);
      buffer.resize(4);
      for (const view of views) t.throws('NS_ERROR_INVALID_ARG', () => talk.channel.sendBinaryMsg(view), Object.prototype.toString.call(view));
      talk.send(tracking);
      talk.send(buffer);
      t.same((await talk.untilMessages(2)).map(({ length }) => length), [4, 4]);
      buffer.resize(0);
      talk.send(tracking);
      t.is((await talk.untilMessages(3))[2].length, 0, 'an empty view is sent as a message');
    },
  },
  {
    name: 'bytes are copied during the call: changing them afterwards does not change the message',
    async run(t) {
      const talk = t.open(t.peer('ws', '/echo'));
      const queued = filled(500);
      talk.send(queued);
      queued.fill(0);
      await talk.until('onStart');
      const small = filled(100);
      const big = filled(2_000_000);
      talk.send(small);
      talk.send(big);
      small.fill(0);
      big.fill(0);
      structuredClone(big.buffer, { transfer: [big.buffer] });
      const came = await talk.untilMessages(3);
      t.ok(equal(came[0], filled(500)), 'queued while connecting');
      t.ok(equal(came[1], filled(100)), 'small');
      t.ok(equal(came[2], filled(2_000_000)), 'big');
    },
  },
  {
    name: 'received messages do not change, however many follow',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/greet', { count: 2000, size: 700 }));
      const came = await talk.untilMessages(2000);
      const decoder = new TextDecoder();
      came.forEach((message, at) => t.is(typeof message === 'string' ? message : decoder.decode(message), `${at}:`.padEnd(700, '.')));
    },
  },
  {
    name: 'writing into one received message changes no other',
    async run(t) {
      const talk = await t.opened(t.raw('82 04 01 02 03 04 82 04 05 06 07 08 82 04 09 0a 0b 0c'), {
        listener: { onBinaryMessageAvailable: (context, bytes) => { if (bytes[0] === 1) bytes.fill(0xee); } },
      });
      t.same(await talk.untilMessages(3), [new Uint8Array(4).fill(0xee), new Uint8Array([5, 6, 7, 8]), new Uint8Array([9, 10, 11, 12])]);
    },
  },
  {
    name: 'ten thousand messages each way keep their order',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      for (let at = 0; at < 10_000; at++) talk.send(`${at}`);
      const came = await talk.untilMessages(10_000);
      t.ok(came.every((text, at) => text === `${at}`), 'in order');
      await talk.until('onAcknowledge', 10_000);
      t.is(talk.channel.bufferedAmount, 0);
    },
  },
  {
    name: 'text and binary messages of 8 MiB come back',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      const size = 8 * 1024 * 1024;
      talk.send('t'.repeat(size));
      talk.send(filled(size));
      const [text, binary] = await talk.untilMessages(2);
      t.ok(text === 't'.repeat(size), 'text');
      t.ok(equal(binary, filled(size)), 'binary');
    },
  },
  {
    name: 'close() right after big messages: all of them are sent first',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/digest'));
      const size = 5 * 1024 * 1024;
      for (let at = 0; at < 3; at++) talk.send(filled(size));
      talk.close(4000);
      await t.stops(talk, { node: 'NS_OK' });
      const { messages: came, close } = await t.observed(talk, 'close');
      t.same([came.map((one) => one.size), close.code], [[size, size, size], 4000]);
      t.same(talk.acknowledged, [size, size, size]);
    },
  },
  {
    name: 'ten channels at once do not mix up their messages',
    async run(t) {
      const talks = Array.from({ length: 10 }, () => t.open(t.peer('ws', '/echo')));
      talks.forEach((talk, at) => { for (let n = 0; n < 20; n++) talk.send(`${at}:${n}`); });
      for (const [at, talk] of talks.entries()) t.same(await talk.untilMessages(20), Array.from({ length: 20 }, (_, n) => `${at}:${n}`));
    },
  },
];

function filled(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8)) & 0xff;
  return bytes;
}

function equal(a, b) {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
