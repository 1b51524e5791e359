import { connect, createServer, isIPv6 } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Failure } from './assert.js';

/**
 * Proxies inside the client's process, which record their requests and answer as the case decides. Each connects from 127.0.0.4 to 127.0.0.1,
 * whatever host is requested. The functions return { port, url, requests, until(count), stop }; `url('user:password@')` gives the value for the option.
 */

/**
 * A CONNECT proxy. `answer(request, number)` gets { method, target, headers, head, rest, remoteAddress, socket } and a number that counts from 1.
 * It returns the text of a response that ends the connection, { text } for a response that keeps it open, null to open the tunnel, or undefined to
 * send nothing. Several requests may arrive over one connection. `tls` holds the options of a proxy over TLS; `to` maps the requested port to the
 * port to connect to.
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
 * A SOCKS5 proxy. `replies`, { method, auth, reply }, holds arrays of bytes to send instead of the usual ones, or null to send nothing and end the
 * connection; with { end }, the connection ends after the bytes. `wants` is 'user:password', `silent` names the answer that is not sent, and `drip`
 * writes one byte at a time. A request, { version, methods, user, password, command, type, host, port, socket }, is recorded when as much of it as
 * will come has arrived.
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
  // This includes sockets that are cut off before TLS is established.
  if (tls) server.on('connection', (socket) => sockets.add(socket)).on('tlsClientError', () => {});
  await new Promise((resolve, reject) => server.once('error', reject).listen(0, host, resolve));
  const { port } = server.address();
  return {
    port,
    requests: made.requests,
    sockets,
    url: (user = '') => `${scheme}://${user}${isIPv6(host) ? `[${host}]` : host}:${port}`,
    /** The `count`-th request, once it has arrived. */
    until: (count) => within(waiting, () => made.requests.length >= count && made.requests[count - 1], `the proxy's request ${count}`),
    stop() {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

/** Runs the case with these proxies, given as the promises that the functions above return, and then stops the proxies. */
export async function withProxies(starting, run) {
  const proxies = await Promise.all(starting);
  try {
    return await run(...proxies);
  } finally {
    proxies.forEach((proxy) => proxy.stop());
  }
}

/** Resolves when the client has ended the connection. Rejects after a deadline. */
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

/** Opens the tunnel to a port. `established` tells the client that it is open. */
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

/** Returns a function that resolves to the next `count` bytes, once they have arrived. */
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
    // Otherwise, bytes that arrive before the tunnel takes over would be lost.
    socket.off('data', onData).pause();
    return buffer;
  };
  return take;
}

const DEADLINE = 10_000;
