import { rejectionOf, stateOf } from '../harness/web.js';

/** Reading from and writing to a WebSocketStream, and backpressure. In Chromium, the browser's own class is tested. */
export const webStreamMessages = [
  {
    name: 'text is read as a string, binary as a Uint8Array, in order',
    async run(t) {
      const { reader } = await t.openStream(t.peer('ws', '/greet', { count: 4 }));
      const read = [];
      for (let at = 0; at < 4; at++) read.push((await reader.read()).value);
      t.same([read[0], read[2]], ['0:', '2:']);
      // The proposal specifies a Uint8Array. Chromium gives an ArrayBuffer.
      if (t.engine !== 'chromium') t.ok([1, 3].every((at) => Object.getPrototypeOf(read[at]) === Uint8Array.prototype), 'Uint8Arrays');
      t.same([1, 3].map((at) => new TextDecoder().decode(read[at])), ['1:', '3:']);
    },
  },
  {
    name: 'each binary message has its own buffer: transferring one does not affect the others',
    async run(t) {
      const { reader } = await t.openStream(t.raw('82 03 61 62 63 82 04 64 65 66 67 82 00'));
      const sizes = [];
      for (let at = 0; at < 3; at++) {
        const { value } = await reader.read();
        const buffer = value.buffer ?? value; // Chromium's is an ArrayBuffer
        sizes.push([value.byteLength, buffer.byteLength]);
        structuredClone(value, { transfer: [buffer] });
      }
      t.same(sizes, [[3, 3], [4, 4], [0, 0]]);
    },
  },
  ...[
    ['a string', () => 'text', 'text', 'text'], ['an empty string', () => '', 'text', ''], ['a number', () => 5, 'text', '5'], ['null', () => null, 'text', 'null'],
    ['undefined', () => undefined, 'text', 'undefined'], ['a bigint', () => 5n, 'text', '5'], ['an object', () => ({ toString: () => 'mine' }), 'text', 'mine'], ['a Blob, which is not a BufferSource', () => new Blob(['x']), 'text', '[object Blob]'],
    ['an array', () => [1, 2], 'text', '1,2'], ['a lone surrogate', () => 'a\uD800b', 'text', 'a\uFFFDb'],
    ['a SharedArrayBuffer, which is not a BufferSource', () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer, 'text', '[object SharedArrayBuffer]'],
    ['an ArrayBuffer', () => new Uint8Array([97, 98]).buffer, 'binary', 'ab'], ['a Uint8Array', () => new Uint8Array([97, 98]), 'binary', 'ab'], ['an empty Uint8Array', () => new Uint8Array(), 'binary', ''],
    ['part of a buffer', () => new Uint8Array([97, 98, 99, 100]).subarray(1, 3), 'binary', 'bc'], ['a DataView', () => new DataView(new Uint8Array([97, 98, 99]).buffer, 1), 'binary', 'bc'],
    ['a Uint16Array', () => new Uint16Array([0x6261]), 'binary', 'ab'], ['a Float64Array', () => new Float64Array(new Uint8Array([97, 98, 99, 100, 101, 102, 103, 104]).buffer), 'binary', 'abcdefgh'],
  ].map(([what, chunk, type, text]) => ({
    name: `write of ${what} sends ${type}`,
    async run(t) {
      const url = t.peer('ws', '/echo');
      const { reader, writer } = await t.openStream(url);
      t.is(await writer.write(chunk()), undefined);
      const { value } = await reader.read();
      t.is(typeof value === 'string' ? value : new TextDecoder().decode(value), text);
      const [{ type: seen, text: heard }] = (await t.observed(url)).messages;
      t.same([seen, heard], [type, text]);
    },
  })),
  ...[
    ['a symbol', () => Symbol('x'), TypeError], ['an object whose toString throws', () => ({ toString() { throw new RangeError('mine'); } }), RangeError],
  ].map(([what, chunk, expected]) => ({
    name: `write of ${what}: rejected, and the writable is errored; the readable and the connection stay usable`,
    async run(t) {
      const { stream, reader, writer } = await t.openStream(t.peer('ws', '/greet', { count: 1 }));
      t.ok(await rejectionOf(writer.write(chunk())) instanceof expected, 'write');
      t.ok(await rejectionOf(writer.closed) instanceof expected, 'closed of the writer');
      t.is((await reader.read()).value, '0:');
      t.is(await stateOf(stream.closed), 'pending');
    },
  })),
  {
    name: 'changing the bytes after the write is fulfilled does not change what is sent',
    async run(t) {
      const { reader, writer } = await t.openStream(t.peer('ws', '/echo'));
      const bytes = new Uint8Array([1, 2, 3]);
      const written = writer.write(bytes);
      await written;
      bytes.fill(9);
      t.same([...new Uint8Array((await reader.read()).value)], [1, 2, 3]);
    },
  },
  {
    name: 'a thousand messages go out and come back in order, with pipeTo and async iteration',
    async run(t) {
      const stream = t.stream(t.peer('ws', '/echo'));
      const { readable, writable } = await stream.opened;
      const source = new ReadableStream({ start(controller) { for (let at = 0; at < 1000; at++) controller.enqueue(`${at}`); controller.close(); } });
      const piped = source.pipeTo(writable, { preventClose: true });
      const read = [];
      for await (const message of readable) if (read.push(message) === 1000) break;
      await piped;
      t.same(read, Array.from({ length: 1000 }, (_, at) => `${at}`));
      t.is((await stream.closed).closeCode, 1005, 'break cancels the readable, which closes');
    },
  },
  {
    name: 'a message of 5 MiB each way',
    async run(t) {
      const { reader, writer } = await t.openStream(t.peer('ws', '/echo'));
      const bytes = new Uint8Array(5 << 20).map((_, at) => at * 31);
      await Promise.all([writer.write(bytes), reader.read().then(({ value }) => {
        const read = new Uint8Array(value);
        t.ok(read.length === bytes.length && read.every((byte, at) => byte === bytes[at]), 'the same bytes');
      })]);
    },
  },
  {
    name: 'the writer asks for one message ahead: its desiredSize is 1, and 0 while a write is in progress',
    async run(t) {
      const { writer } = await t.openStream(t.peer('ws', '/echo'));
      await writer.ready;
      t.is(writer.desiredSize, 1);
      const written = writer.write('x');
      t.is(writer.desiredSize, 0);
      await written;
      t.is(writer.desiredSize, 1);
    },
  },
  {
    name: 'if the peer reads nothing, writes wait',
    async run(t) {
      // The case must not wait for this stream at its end: a browser takes long to give up on a peer that does not answer the close frame.
      const stream = new t.api.WebSocketStream(t.peer('rude', '/deaf'), { closeTimeoutMs: 1000 });
      const writer = (await stream.opened).writable.getWriter();
      const chunk = new Uint8Array(1 << 20);
      let written = 0;
      const writing = (async () => {
        for (let at = 0; at < 64; at++) {
          await writer.write(chunk);
          written += 1;
        }
      })();
      writing.catch(() => {});
      let before = -1;
      while (written !== before) {
        before = written;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      t.ok(written < 64, `${written} MiB were taken before writes waited`);
      t.is(writer.desiredSize, 0);
      stream.close();
      if (t.host === 'node') t.is((await rejectionOf(writing)).name, 'WebSocketError', 'the write in progress');
    },
  },
  {
    name: 'a write waits for its own message, also if a load group sends on the connection',
    hosts: ['node'],
    async run(t) {
      const loadGroup = new t.api.LoadGroup();
      const stream = new t.api.WebSocketStream(t.peer('rude', '/deaf'), { loadGroup, closeTimeoutMs: 500 });
      const { writable } = await stream.opened;
      const writer = writable.getWriter();
      for (const text of ['before', '', 'between']) t.is(loadGroup.sendMsg(text), 1);
      await writer.write('small'); // the system takes it
      loadGroup.sendMsg('behind');
      const large = writer.write(new Uint8Array(40 << 20)); // the system does not take all of it
      t.is(await Promise.race([large, new Promise((resolve) => setTimeout(() => resolve('waits'), 300))]), 'waits');
      stream.close();
      t.is((await rejectionOf(large)).name, 'WebSocketError');
    },
  },
  {
    name: 'a reader that stops reading stops the peer, and gets every message when it reads again',
    hosts: ['node'],
    async run(t) {
      const url = t.peer('rude', '/flood');
      const { reader } = await t.openStream(url);
      await reader.read();
      const before = process.memoryUsage().rss;
      await new Promise((resolve) => setTimeout(resolve, 500));
      t.ok(process.memoryUsage().rss - before < 64 << 20, 'an endless flood from the peer is not buffered');
      for (let at = 0; at < 2000; at++) t.is((await reader.read()).value, 'x'.repeat(600));
    },
  },
  {
    name: 'several reads before any message has arrived are fulfilled in order',
    async run(t) {
      const { reader, writer } = await t.openStream(t.peer('ws', '/echo'));
      const reads = [reader.read(), reader.read(), reader.read()];
      for (const text of ['a', 'b', 'c']) writer.write(text);
      t.same((await Promise.all(reads)).map(({ value }) => value), ['a', 'b', 'c']);
    },
  },
];
