import { withServer } from '../harness/raw_server.js';
import { CLOSE, frame, PING, PONG } from '../peers/frame.js';

/** What RFC 6455 requires of a client in exchanges with the server that the other cases do not cover. Only in Node. */
export const requirements = [
  {
    name: 'nothing is sent after the request until the server has answered it (§4.1)',
    run: (t) => withServer(async ({ port, next }) => {
      const talk = t.open(`ws://127.0.0.1:${port}/`);
      for (const message of ['early', new Uint8Array(100_000)]) talk.send(message);
      const connection = await next();
      await t.roundTrip();
      t.is(connection.bytes, 0);
      connection.accept();
      connection.onFrame = ({ opcode }) => opcode === CLOSE && connection.socket.end(frame(CLOSE, Buffer.from([3, 0xe8])));
      await talk.until('onStart');
      talk.close();
      await talk.end();
      t.same(connection.frames.filter(({ opcode }) => opcode !== 0).map(({ opcode }) => opcode), [1, 2, CLOSE]);
    }),
  },
  {
    name: 'the TLS handshake names the server (§4.1, SNI)',
    run: (t) => withServer(async ({ port, next }) => {
      const lookup = (host, given, done) => (given.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4));
      const talk = t.open(`wss://named.example:${port}/`, { options: { socket: { lookup } } });
      const { head } = await next();
      t.ok(head.startsWith('\x16\x03'), 'a TLS ClientHello and nothing before it');
      t.ok(head.includes('named.example'), 'the name in it');
      t.ok(!head.includes('GET '), 'no request outside TLS');
      talk.close();
      await t.stops(talk, { node: 'NS_BINDING_ABORTED' });
    }),
  },
  {
    name: 'a ping that arrives after our close frame and before the server\'s is answered (§5.5.2)',
    run: (t) => withServer(async ({ port, next }) => {
      const talk = t.open(`ws://127.0.0.1:${port}/`);
      const connection = await next();
      connection.onFrame = ({ opcode }) => {
        if (opcode === CLOSE) connection.socket.write(frame(PING, 'still there?'));
        if (opcode === PONG) connection.socket.end(frame(CLOSE, Buffer.from([3, 0xe8])));
      };
      connection.accept();
      await talk.until('onStart');
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      t.same(connection.frames.map(({ opcode, text }) => [opcode, opcode === PONG ? text : '']), [[CLOSE, ''], [PONG, 'still there?']]);
    }),
  },
  {
    name: 'a ping after the server\'s close frame is not answered (§5.5.2)',
    run: (t) => withServer(async ({ port, next }) => {
      const talk = t.open(`ws://127.0.0.1:${port}/`);
      const connection = await next();
      connection.accept();
      connection.socket.write(Buffer.concat([frame(CLOSE, Buffer.from([3, 0xe8])), frame(PING, 'late')]));
      await t.stops(talk, { node: 'NS_OK' });
      await t.roundTrip();
      t.same(connection.frames.map(({ opcode }) => opcode), [CLOSE]);
    }),
  },
  {
    name: 'after both close frames the server ends the TCP connection first, and then the client does (§7.1.1)',
    run: (t) => withServer(async ({ port, next }) => {
      const talk = t.open(`ws://127.0.0.1:${port}/`);
      const connection = await next();
      connection.onFrame = ({ opcode }) => opcode === CLOSE && connection.socket.write(frame(CLOSE, Buffer.from([3, 0xe8])));
      connection.accept();
      await talk.until('onStart');
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      await t.roundTrip();
      t.is(connection.ended, false);
      const closed = new Promise((resolve) => connection.socket.once('close', resolve));
      connection.socket.end();
      await closed;
      t.is(connection.ended, true);
    }),
  },
  {
    name: 'if the server never ends the TCP connection, the client ends it (§7.1.1)',
    run: (t) => withServer(async ({ port, next }) => {
      const talk = t.open(`ws://127.0.0.1:${port}/`);
      const connection = await next();
      connection.onFrame = ({ opcode }) => opcode === CLOSE && connection.socket.write(frame(CLOSE, Buffer.from([3, 0xe8])));
      connection.accept();
      const left = new Promise((resolve) => connection.socket.once('end', resolve));
      await talk.until('onStart');
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      await left;
    }),
  },
];
