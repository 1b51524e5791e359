import { rejectionOf, stateOf, throwsDOMException, throwsTypeError } from '../harness/web.js';

/** WebSocketStream's close() and `closed`, and how the ends of its streams and of the connection relate. In Chromium, the browser's own class is tested. */
export const webStreamCloses = [
  ...[
    ['nothing', undefined, [1005, '']], ['null', null, [1005, '']], ['an empty object', {}, [1005, '']], ['code 1000', { closeCode: 1000 }, [1000, '']], ['code 3000', { closeCode: 3000 }, [3000, '']],
    ['code and reason', { closeCode: 4999, reason: 'é' }, [4999, 'é']], ['a reason alone, which gets code 1000', { reason: 'why' }, [1000, 'why']], ['an empty reason, which gets no code', { reason: '' }, [1005, '']],
    ['a code that is text', { closeCode: '4001' }, [4001, '']], ['a code with a fraction', { closeCode: 4000.5 }, [4000, '']], ['a reason of 123 bytes', { reason: 'r'.repeat(123) }, [1000, 'r'.repeat(123)]],
    ['members that are undefined', { closeCode: undefined, reason: undefined }, [1005, '']],
  ].map(([what, closeInfo, [code, reason]]) => ({
    name: `close() with ${what}: the close frame is sent, and closed has its code and reason`,
    async run(t) {
      const url = t.peer('ws', '/echo');
      const { stream, reader, writer } = await t.openStream(url);
      t.is(stream.close(closeInfo), undefined);
      t.same((await t.observed(url, 'close')).close, { code, reason });
      const closed = await stream.closed;
      t.same(closed, { closeCode: code, reason });
      t.is(Object.getPrototypeOf(closed), Object.prototype);
      t.same(await reader.read(), { value: undefined, done: true });
      await reader.closed;
      t.is((await rejectionOf(writer.closed, 'closed of the writer')).name, 'InvalidStateError');
      t.is((await rejectionOf(writer.write('late'), 'write')).name, 'InvalidStateError');
    },
  })),
  {
    name: 'close() with an invalid code: InvalidAccessError; reason: SyntaxError; other argument: TypeError; the stream stays open',
    async run(t) {
      const { stream, reader, writer } = await t.openStream(t.peer('ws', '/echo'));
      for (const closeCode of [0, 999, 1001, 1005, 1006, 1011, 2999, 5000, -1, NaN, null, 'x']) throwsDOMException('InvalidAccessError', () => stream.close({ closeCode }), `${closeCode}`);
      for (const reason of ['r'.repeat(124), 'é'.repeat(62)]) throwsDOMException('SyntaxError', () => stream.close({ reason }));
      throwsDOMException('SyntaxError', () => stream.close({ closeCode: 1000, reason: 'r'.repeat(124) }));
      for (const closeInfo of [5, 'x', true, Symbol('x')]) throwsTypeError(() => stream.close(closeInfo), typeof closeInfo);
      throwsTypeError(() => stream.close({ closeCode: Symbol('x') }));
      throwsTypeError(() => stream.close({ closeCode: 1000n }));
      t.is(await stateOf(stream.closed), 'pending');
      writer.write('still there');
      t.is((await reader.read()).value, 'still there');
    },
  },
  {
    name: 'a second close() does nothing, but its argument is checked',
    async run(t) {
      const { stream } = await t.openStream(t.peer('ws', '/echo'));
      stream.close({ closeCode: 4000, reason: 'first' });
      stream.close({ closeCode: 4001, reason: 'second' });
      throwsDOMException('InvalidAccessError', () => stream.close({ closeCode: 1 }));
      t.same(await stream.closed, { closeCode: 4000, reason: 'first' });
      stream.close({ closeCode: 4001 });
      throwsDOMException('InvalidAccessError', () => stream.close({ closeCode: 1 }));
    },
  },
  {
    name: 'a write after close() has begun the closing handshake is fulfilled, and nothing is sent',
    async run(t) {
      const url = t.peer('ws', '/echo');
      const { stream, writer } = await t.openStream(url);
      stream.close({ closeCode: 4000 });
      t.is(await writer.write('late'), undefined);
      await stream.closed;
      t.same((await t.observed(url, 'close')).messages, []);
    },
  },
  {
    name: 'a connection that fails: the readable is errored first, then the writable, then closed is rejected',
    async run(t) {
      const { stream, reader, writer } = await t.openStream(t.raw('c1 00', { after: 'frame' }));
      const log = [];
      const noted = [[stream.closed, 'closed'], [writer.closed, 'writable'], [reader.closed, 'readable']].map(([promise, what]) => promise.catch(() => log.push(what)));
      await writer.write('now').catch(() => {});
      await Promise.all(noted);
      // In a browser, the write may still be in progress, and the writable waits for it.
      if (t.host === 'node') t.same(log, ['readable', 'writable', 'closed']);
    },
  },
  {
    name: 'the members of closeInfo are read and converted one after the other',
    async run(t) {
      const { stream } = await t.openStream(t.peer('ws', '/echo'));
      const log = [];
      const closeInfo = {
        get closeCode() { log.push('closeCode'); return { valueOf() { log.push('its number'); return 4000; } }; },
        get reason() { log.push('reason'); return { toString() { log.push('its text'); return ''; } }; },
      };
      stream.close(closeInfo);
      t.same(log, ['closeCode', 'its number', 'reason', 'its text']);
    },
  },
  {
    name: 'close() during the handshake: both promises are rejected with a WebSocketError',
    async run(t) {
      const stream = t.stream(t.peer('rude', '/silence'));
      stream.close({ closeCode: 4000 });
      const error = await rejectionOf(stream.opened);
      t.same([error.name, error.closeCode, error.reason], ['WebSocketError', null, '']);
      t.is((await rejectionOf(stream.closed)).name, 'WebSocketError');
    },
  },
  ...[
    ['code and reason', { code: 4321, reason: 'bye' }, { closeCode: 4321, reason: 'bye' }], ['nothing', {}, { closeCode: 1005, reason: '' }],
    ['a code that this end may not send', { code: 1001 }, { closeCode: 1001, reason: '' }],
  ].map(([what, query, expected]) => ({
    name: `the peer closes with ${what}: earlier messages are read, then the readable is closed, and the writable is errored`,
    async run(t) {
      const { stream, reader, writer } = await t.openStream(t.peer('ws', '/close', { ...query, count: 3 }));
      const read = [];
      for (let next; !(next = await reader.read()).done;) read.push(next.value);
      t.same(read, ['message 0', 'message 1', 'message 2']);
      t.same(await stream.closed, expected);
      t.is((await rejectionOf(writer.closed)).name, 'InvalidStateError');
    },
  })),
  ...[
    ['the end of the connection', { then: 'eof' }, ''], ['a reset', { then: 'reset' }, ''], ['a masked frame', {}, '81 80 00 00 00 00'], ['text that is not UTF-8', {}, '81 01 ff'],
    ['a reserved bit', {}, 'c1 00'],
  ].map(([what, query, hex]) => ({
    name: `a connection that fails because of ${what}: closed is rejected, and both streams are errored with the same WebSocketError`,
    async run(t) {
      const { stream, reader, writer } = await t.openStream(t.raw(hex, { after: 'frame', ...query }));
      const read = rejectionOf(reader.read(), 'read');
      writer.write('now').catch(() => {});
      const error = await rejectionOf(stream.closed);
      t.ok(error instanceof t.api.WebSocketError, `a WebSocketError: ${String(error)}`);
      t.oneOf(error.closeCode, t.host === 'node' ? [1006] : [1006, 1002, 1007]); // as with WebSocket
      t.is(error.reason, '');
      t.is(await read, error, 'the rejection of the read');
      t.is(await rejectionOf(reader.closed), error, 'closed of the reader');
      t.is(await rejectionOf(writer.closed), error, 'closed of the writer');
      if (t.host === 'node') t.ok(error.message.length > 20 && error.cause.detail.message.length > 20, `it explains: ${error.message}`);
    },
  })),
  {
    name: 'closing the writable closes the connection without a code, after all writes, and is fulfilled once that is done',
    async run(t) {
      const url = t.peer('ws', '/echo');
      const { stream, reader, writer } = await t.openStream(url);
      for (let at = 0; at < 10; at++) writer.write(`${at}`);
      const ended = writer.close();
      const { messages, close } = await t.observed(url, 'close');
      t.same([messages.length, close.code], [10, 1005]);
      t.is(await ended, undefined);
      await writer.closed;
      t.same(await stream.closed, { closeCode: 1005, reason: '' });
      const read = [];
      for (let next; !(next = await reader.read()).done;) read.push(next.value);
      t.ok(read.every((text, at) => text === `${at}`), 'what came before the close frame was read');
    },
  },
  {
    name: 'closing the writable after the connection has failed: rejected with a TypeError',
    async run(t) {
      const { stream, writer } = await t.openStream(t.peer('ws', '/terminate'));
      writer.write('now').catch(() => {});
      const ended = rejectionOf(stream.closed);
      const error = await ended;
      t.is(error.name, 'WebSocketError');
      t.is(await rejectionOf(writer.close()).then(({ name }) => name), 'TypeError', 'an errored stream cannot be closed');
    },
  },
  ...['cancel', 'abort'].flatMap((method) => [
    ['nothing', () => undefined, [1005, '']], ['a string', () => 'reason', [1005, '']], ['an Error', () => new Error('reason'), [1005, '']],
    ['a DOMException', () => new DOMException('reason', 'WebSocketError'), [1005, '']], ['an object that only has the prototype of a WebSocketError', (t) => Object.create(t.api.WebSocketError.prototype), [1005, '']], ['an object that only looks like a WebSocketError', () => ({ closeCode: 4000, reason: 'no' }), [1005, '']],
    ['a WebSocketError', (t) => new t.api.WebSocketError('message'), [1005, '']],
    ['a WebSocketError with a code', (t) => new t.api.WebSocketError('message', { closeCode: 4000 }), [4000, '']],
    ['a WebSocketError with code and reason', (t) => new t.api.WebSocketError('message', { closeCode: 4000, reason: 'why' }), [4000, 'why']],
    ['a WebSocketError with its own property closeCode', (t) => Object.defineProperty(new t.api.WebSocketError('message', { closeCode: 4000 }), 'closeCode', { get: () => 4001 }), [4000, '']],
    ['a WebSocketError with a reason alone', (t) => new t.api.WebSocketError('message', { reason: 'why' }), [1000, 'why']],
  ].map(([what, reason, [code, text]]) => ({
    name: `${method} with ${what} closes with ${code}`,
    async run(t) {
      const url = t.peer('ws', '/echo');
      const { stream, reader, writer } = await t.openStream(url);
      const value = reason(t);
      if (method === 'cancel') t.is(await reader.cancel(value), undefined);
      else t.is(await writer.abort(value), undefined);
      t.same((await t.observed(url, 'close')).close, { code, reason: text });
      t.same(await stream.closed, { closeCode: code, reason: text });
      if (method === 'cancel') t.same(await reader.read(), { value: undefined, done: true });
      else t.is(await rejectionOf(writer.closed), value, 'the writable is errored with the reason');
    },
  }))),
  {
    name: 'after cancel, the writable is errored when the closing handshake is over',
    async run(t) {
      const { stream, reader, writer } = await t.openStream(t.peer('ws', '/echo'));
      await reader.cancel();
      await stream.closed;
      t.is((await rejectionOf(writer.closed)).name, 'InvalidStateError');
    },
  },
  {
    name: 'a signal that is already aborted: both promises are rejected with its reason',
    async run(t) {
      const reason = { any: 'value' };
      const stream = t.stream(t.peer('ws', '/echo'), { signal: AbortSignal.abort(reason) });
      t.is(await rejectionOf(stream.opened), reason);
      t.is(await rejectionOf(stream.closed), reason);
      t.is((await rejectionOf(t.stream(t.peer('ws', '/echo'), { signal: AbortSignal.abort() }).opened)).name, 'AbortError');
      throwsDOMException('SyntaxError', () => new t.api.WebSocketStream('ftp://x/', { signal: AbortSignal.abort() }), 'an invalid URL still throws');
    },
  },
  {
    name: 'a signal aborted during the handshake: rejected with its reason, and the connection is given up',
    async run(t) {
      const controller = new AbortController();
      const url = t.peer('rude', '/silence');
      const stream = t.stream(url, { signal: controller.signal });
      await t.observed(url);
      const reason = new RangeError('mine');
      controller.abort(reason);
      t.is(await rejectionOf(stream.opened), reason);
      t.is(await rejectionOf(stream.closed), reason);
      if (t.host === 'node') await t.observed(url, 'ended'); // a browser may take its time
    },
  },
  {
    name: 'a signal aborted during the handshake: both promises are rejected even if another listener stops the abort event',
    hosts: ['node'], // Chromium's page crashes
    async run(t) {
      const controller = new AbortController();
      controller.signal.addEventListener('abort', (event) => event.stopImmediatePropagation());
      const stream = t.stream(t.peer('rude', '/silence'), { signal: controller.signal });
      controller.abort(new RangeError('enough'));
      t.is((await rejectionOf(stream.opened)).message, 'enough');
    },
  },
  {
    name: 'a signal aborted in the same tick as the construction: both promises are rejected with its reason',
    async run(t) {
      const controller = new AbortController();
      const stream = t.stream(t.peer('ws', '/echo'), { signal: controller.signal });
      controller.abort('now');
      t.is(await rejectionOf(stream.opened), 'now');
      t.is(await rejectionOf(stream.closed), 'now');
    },
  },
  {
    name: 'a signal aborted once the stream is open: no effect',
    async run(t) {
      const controller = new AbortController();
      const { stream, reader, writer } = await t.openStream(t.peer('ws', '/echo'), { signal: controller.signal });
      controller.abort();
      writer.write('still there');
      t.is((await reader.read()).value, 'still there');
      stream.close({ closeCode: 4000 });
      t.is((await stream.closed).closeCode, 4000);
    },
  },
  {
    name: 'WebSocketError is a DOMException with name, code, closeCode, reason and message',
    async run(t) {
      const { WebSocketError } = t.api;
      const plain = new WebSocketError();
      t.same([plain.name, plain.code, plain.message, plain.closeCode, plain.reason], ['WebSocketError', 0, '', null, '']);
      t.ok(plain instanceof DOMException && plain instanceof Error && (['chromium', 'bun'].includes(t.engine) || typeof plain.stack === 'string'), 'an error');
      const full = new WebSocketError('message', { closeCode: 4000, reason: 'why' });
      t.same([full.message, full.closeCode, full.reason], ['message', 4000, 'why']);
      t.is(new WebSocketError('', { reason: 'why' }).closeCode, 1000);
      t.is(new WebSocketError('', { reason: '' }).closeCode, null);
      t.is(new WebSocketError(undefined, null).message, '');
      t.is(new WebSocketError(null).message, 'null');
      for (const closeCode of [0, 999, 1001, 1006, 2999, 5000]) throwsDOMException('InvalidAccessError', () => new WebSocketError('', { closeCode }), `${closeCode}`);
      throwsDOMException('SyntaxError', () => new WebSocketError('', { reason: 'r'.repeat(124) }));
      throwsTypeError(() => new WebSocketError('', 5), 'init that is not an object');
      throwsTypeError(() => WebSocketError(), 'without new');
      t.same([WebSocketError.name, WebSocketError.length, Object.getPrototypeOf(WebSocketError)], ['WebSocketError', 0, DOMException]);
      t.same(Object.keys(WebSocketError.prototype), ['closeCode', 'reason']);
      t.is(Object.prototype.toString.call(plain), '[object WebSocketError]');
      const read = [];
      new WebSocketError({ toString: () => read.push('message') }, { get reason() { read.push('reason'); }, get closeCode() { read.push('closeCode'); } });
      t.same(read, ['message', 'closeCode', 'reason'], 'the order of conversion');
      throwsTypeError(() => WebSocketError.prototype.closeCode, 'closeCode of the prototype');
    },
  },
];
