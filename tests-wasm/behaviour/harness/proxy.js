import { connect, createServer, isIPv6 } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Failure } from './assert.js';

/**
 * Proxies made by hand inside the client's process, which write down what they are asked and answer as the case decides. Each goes on
 * from 127.0.0.4 to 127.0.0.1, whatever host it is asked for, and answers { port, url, requests, until(count), stop }; `url('user:password@')` is for the option.
 */

/**
 * By CONNECT: `answer(request, number)`, with { method, target, headers, head, rest, remoteAddress, socket } and counting from 1, answers the
 * text of an answer that ends the connection, { text } for one that keeps it, null to open the tunnel, or undefined for nothing. Several requests may
 * come over one connection. `tls` are the options of a proxy over TLS, `to` maps the port that is asked for to the one that is meant.
 */
export function startProxy({ answer = () => null, tls = null, to = (port) => port, established = 'HTTP/1.1 200 OK\r\n\r\n', host } = {}) {
  const serve = (socket, made) => {
    let buffer = Buffer.alloc(0);
    const read = (chunk) => {
      buffer = Buffer.concat([buffer, chunk]);
      const end = buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const request = { ...readHead(buffer.subarray(0, end).toString('latin1')), rest: buffer.subarray(end + 4), remoteAddress: socket.remoteAddress, socket };
      buffer = Buffer.alloc(0);
      made.came(request);
      const given = answer(request, made.requests.length);
      if (typeof given === 'string') return socket.end(given);
      if (given?.text !== undefined) return socket.write(given.text);
      socket.off('data', read);
      if (given === null) {
        passOn(socket, to(Number(request.target.split(':').at(-1))), established, request.rest);
      }
    };
    socket.on('data', read);
  };
  return start({ serve, tls, scheme: tls ? 'https' : 'http', host });
}

/**
 * By SOCKS5: `replies` are the bytes instead of the usual ones, each an array, or null for none and the connection's end: { method, auth, reply },
 * with { end } the connection's end behind them. `wants` is 'user:password', `silent` names the answer that does not come, `drip` writes byte by byte.
 * A request is { version, methods, user, password, command, type, host, port, socket }, written down when it has come as far as it comes.
 */
export function startSocks({ replies = {}, wants = null, to = (port) => port, silent = null, drip = false } = {}) {
  const serve = async (socket, made) => {
    const take = taking(socket);
    const say = async (name, usual) => {
      if (silent === name) return false;
      const bytes = replies[name] === undefined ? usual : replies[name];
      if (bytes === null) return socket.end() && false;
      for (const piece of drip ? bytes.map((byte) => [byte]) : [bytes]) {
        socket.write(Buffer.from(piece));
        if (drip) await new Promise((resolve) => setTimeout(resolve, 2));
      }
      if (replies.end) socket.end();
      return !replies.end;
    };
    const request = { socket };
    const [version, count] = await take(2);
    Object.assign(request, { version, methods: [...await take(count)] });
    const method = wants ? 2 : 0;
    if (silent === 'method' || request.methods.includes(method) === false) made.came(request);
    if (!(await say('method', [5, request.methods.includes(method) ? method : 255])) || !request.methods.includes(method)) return;
    if (method === 2) {
      const text = async () => (await take((await take(1))[0])).toString();
      await take(1);
      Object.assign(request, { user: await text(), password: await text() });
      const isRight = wants === `${request.user}:${request.password}`;
      if (silent === 'auth' || !isRight) made.came(request);
      if (!(await say('auth', [1, isRight ? 0 : 1])) || !isRight) return;
    }
    const [, command, , type] = await take(4);
    const host = await take(type === 1 ? 4 : type === 4 ? 16 : (await take(1))[0]);
    Object.assign(request, { command, type, host: type === 3 ? host.toString() : [...host], port: (await take(2)).readUInt16BE() });
    made.came(request);
    if (silent === 'reply' || replies.reply === null || (replies.reply && replies.reply[1] !== 0)) return say('reply', []);
    const established = replies.reply ?? [5, 0, 0, 1, 127, 0, 0, 1, 0, 80];
    if (drip) return say('reply', established).then(() => passOn(socket, to(request.port), '', take.rest()));
    return passOn(socket, to(request.port), Buffer.from(established), take.rest());
  };
  return start({ serve, scheme: 'socks5' });
}

async function start({ serve, tls = null, scheme, host = '127.0.0.1' }) {
  const sockets = new Set();
  const waiting = new Set();
  const made = {
    requests: [],
    sockets,
    came(request) {
      made.requests.push(request);
      waiting.forEach((look) => look());
    },
  };
  const accept = (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    Promise.resolve(serve(socket, made)).catch(() => {});
  };
  const server = tls ? createTlsServer(tls, accept) : createServer({ noDelay: true }, accept);
  // What is cut off before TLS is up, too.
  if (tls) server.on('connection', (socket) => sockets.add(socket)).on('tlsClientError', () => {});
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  const { port } = server.address();
  return {
    port,
    requests: made.requests,
    sockets,
    url: (user = '') => `${scheme}://${user}${isIPv6(host) ? `[${host}]` : host}:${port}`,
    /** The `count`-th request, once it has come. */
    until: (count) => within(waiting, () => made.requests.length >= count && made.requests[count - 1], `the proxy's request ${count}`),
    stop() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

/** Runs the case with these proxies, given as promises of what the functions above answer, and stops them behind it. */
export async function withProxies(starting, run) {
  const proxies = await Promise.all(starting);
  try {
    return await run(...proxies);
  } finally {
    proxies.forEach((proxy) => proxy.stop());
  }
}

/** Resolves when the client has ended the connection; bounded. */
export function ended(socket) {
  const waiting = new Set();
  const look = () => waiting.forEach((one) => one());
  socket.resume().once('end', look).once('close', look).once('error', look);
  return within(waiting, () => socket.readableEnded || socket.destroyed, 'the end of the connection to the proxy');
}

function within(waiting, look, what) {
  return new Promise((resolve, reject) => {
    const done = (settle, value) => {
      clearTimeout(timer);
      waiting.delete(wait);
      settle(value);
    };
    const wait = () => {
      const found = look();
      if (found) done(resolve, found);
    };
    const timer = setTimeout(() => done(reject, new Failure(`waited ${DEADLINE} ms for ${what}`)), DEADLINE);
    waiting.add(wait);
    wait();
  });
}

/** The tunnel to a port, of which the client is told by `established`. */
function passOn(socket, port, established, rest) {
  const onwards = connect({ host: '127.0.0.1', port, localAddress: '127.0.0.4' });
  for (const one of [socket, onwards]) one.on('error', () => one.destroy());
  onwards.once('connect', () => {
    socket.write(established);
    if (rest.length > 0) onwards.write(rest);
    socket.pipe(onwards).pipe(socket);
  });
  onwards.on('close', () => socket.destroy());
  socket.on('close', () => onwards.destroy());
}

function readHead(head) {
  const [line, ...lines] = head.split('\r\n');
  const [method, target, version] = line.split(' ');
  const headers = {};
  for (const text of lines) headers[text.slice(0, text.indexOf(':')).toLowerCase()] = text.slice(text.indexOf(':') + 1).trim();
  return { method, target, version, headers, head };
}

/** Answers so many bytes once they have come. */
function taking(socket) {
  let buffer = Buffer.alloc(0);
  let wake = () => {};
  const onData = (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    wake();
  };
  socket.on('data', onData);
  const take = async (count) => {
    while (buffer.length < count) await new Promise((resolve) => { wake = resolve; });
    const bytes = buffer.subarray(0, count);
    buffer = buffer.subarray(count);
    return bytes;
  };
  take.rest = () => {
    // What comes before the tunnel takes over would be lost.
    socket.off('data', onData).pause();
    return buffer;
  };
  return take;
}

const DEADLINE = 10_000;
