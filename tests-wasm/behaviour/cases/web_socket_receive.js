import { throwsTypeError } from '../harness/web.js';

/** The message event, and binaryType. In a browser, the browser's own class is tested. */
export const webSocketMessages = [
  {
    name: 'text arrives as a string, bytes as a Blob with the right size, type and bytes',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      observed.socket.send('text');
      observed.socket.send(new Uint8Array([1, 2, 3]));
      observed.socket.send(new Uint8Array());
      observed.socket.send('');
      const [text, blob, empty, emptyText] = await observed.untilMessages(4);
      t.same([text, emptyText], ['text', '']);
      t.ok(blob instanceof Blob && blob.constructor === Blob && empty instanceof Blob, 'Blobs');
      t.same([blob.size, blob.type, [...new Uint8Array(await blob.arrayBuffer())], empty.size], [3, '', [1, 2, 3], 0]);
    },
  },
  {
    name: 'binaryType arraybuffer: each message has its own ArrayBuffer, which may be transferred',
    async run(t) {
      const observed = await t.openSocket(t.peer('ws', '/echo'));
      observed.socket.binaryType = 'arraybuffer';
      for (const size of [0, 1, 5, 100, 70_000]) observed.socket.send(new Uint8Array(size).fill(size));
      observed.socket.addEventListener('message', ({ data }) => { if (data.byteLength === 5) structuredClone(data, { transfer: [data] }); });
      const all = await observed.untilMessages(5);
      t.ok(all.every((data) => Object.getPrototypeOf(data) === ArrayBuffer.prototype), 'ArrayBuffers');
      t.same(all.map(({ byteLength }) => byteLength), [0, 1, 0, 100, 70_000]);
      t.same([new Uint8Array(all[3])[99], new Uint8Array(all[4])[69_999]], [100, 70_000 & 255]);
      t.ok(ArrayBuffer.prototype.resize === undefined || all.every(({ resizable }) => resizable === false), 'of fixed length');
    },
  },
  {
    name: 'binaryType is read when the event is fired, and may change between messages',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/greet', { count: 9 }));
      const kinds = [];
      observed.socket.addEventListener('message', ({ data }) => {
        kinds.push(typeof data === 'string' ? 'text' : data.constructor.name);
        observed.socket.binaryType = observed.socket.binaryType === 'blob' ? 'arraybuffer' : 'blob';
        if (kinds.length % 2 === 0) observed.socket.binaryType = kinds.length % 4 === 0 ? 'arraybuffer' : 'blob';
      });
      await observed.untilMessages(9);
      await new Promise((resolve) => setTimeout(resolve)); // until every listener has received the last
      t.same(kinds, ['text', 'ArrayBuffer', 'text', 'ArrayBuffer', 'text', 'Blob', 'text', 'ArrayBuffer', 'text']);
    },
  },
  {
    name: 'binaryType is an enumeration: other values are ignored, a symbol throws',
    async run(t) {
      const { socket } = t.socket(t.peer('rude', '/silence'));
      for (const value of ['', 'Blob', 'ArrayBuffer', 'nodebuffer', 'fragments', null, undefined, 0, {}]) {
        socket.binaryType = value;
        t.is(socket.binaryType, 'blob', `after ${String(value)}`);
      }
      throwsTypeError(() => { socket.binaryType = Symbol('blob'); }, 'a symbol');
      socket.binaryType = { toString: () => 'arraybuffer' };
      t.is(socket.binaryType, 'arraybuffer');
      socket.binaryType = 'text';
      t.is(socket.binaryType, 'arraybuffer', 'after an invalid value');
      socket.binaryType = { toString() { socket.binaryType = 'blob'; return 'text'; } };
      t.is(socket.binaryType, 'blob', 'set while an invalid value was converted');
      socket.close();
      socket.binaryType = 'blob';
      t.is(socket.binaryType, 'blob', 'once it is closing');
    },
  },
  {
    name: 'after close(), no message event is fired, even for messages in transit',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/greet', { count: 200, size: 1000 }));
      observed.socket.addEventListener('message', () => { if (observed.data.length === 3) observed.socket.close(); });
      const { code, wasClean } = await observed.until('close');
      t.same([observed.data.length, code, wasClean], [3, 1005, true]);
    },
  },
  {
    name: 'messages come before the close event, in order, and with readyState 1',
    async run(t) {
      const observed = t.socket(t.peer('ws', '/close', { count: 50, code: 4000 }));
      await observed.until('close');
      t.same(observed.data, Array.from({ length: 50 }, (_, at) => `message ${at}`));
      t.ok(observed.seen.slice(0, -1).every(({ readyState }) => readyState === 1), 'readyState');
    },
  },
  {
    name: 'a byte order mark at the beginning of a text is part of the text',
    async run(t) {
      const observed = t.socket(t.raw('81 06 ef bb bf 61 62 63'));
      t.same(await observed.untilMessages(1), ['\uFEFFabc']);
    },
  },
  {
    name: 'a message in fragments is one event; pings between the fragments fire no event',
    async run(t) {
      const observed = t.socket(t.raw('01 01 61 89 00 00 01 62 80 01 63'));
      t.same(await observed.untilMessages(1), ['abc']);
    },
  },
];
