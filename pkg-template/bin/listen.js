// --listen: a server, to test clients with.

import { once } from 'node:events';
import { createServer, validateHeaderName } from 'node:http';
import { createSecureServer } from 'node:http2';
import { LoadGroup, WebSocketChannel } from 'websocket-channel';
import { certificate } from './certificate.js';
import { onInterrupt } from './interrupt.js';
import { Lines, textOf } from './lines.js';
import { setPings } from './new_channel.js';
import { CANNOT_LISTEN, INTERRUPTED, closing, inFlags } from './outcome.js';
import { Output } from './output.js';
import { Pressure, StdoutPressure } from './pressure.js';
import { size } from './style.js';
import { UsageError } from './usage_error.js';
import { showFrames } from './watch.js';

/** The answer to a CONNECT of HTTP/1.1, which asks for a tunnel. */
const NO_PROXY = 'HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

/** Why it cannot listen, and what to do. */
const WHY_NOT = {
  EADDRINUSE: ({ listen }) => `another program listens on port ${listen}. Use another port, or 0 for any free one`,
  EACCES: ({ listen }) => `this user may not listen on port ${listen}. Use a port from 1024 on`,
  EADDRNOTAVAIL: ({ host }) => `this machine does not have the address ${host}. Check --host`,
  ENOTFOUND: ({ host }) => `the name ${host} was not found. Check --host`,
};

/** Serves until it is interrupted. Returns the exit code. */
export async function listen(options) {
  const output = new Output(options, false);
  newServerChannel(options); // throws for an option that is wrong, before the first client comes
  const frames = options.frames ? showFrames(output, (serial) => `${names.get(serial)} `) : null;
  const everybody = new LoadGroup();
  const pressure = new Pressure((client) => {
    output.note(`${names.get(client.serial)} does not read: ${size(client.bufferedAmount)} wait for it`);
    members.get(client).controller.abort();
  });
  const service = { options, output, frames, everybody, pressure, stdout: new StdoutPressure() };
  const accept = (request, socket, head) => serve(service, [request, socket, head]);
  const page = (request, response) => response.writeHead(426, { 'Content-Type': 'text/plain; charset=utf-8' }).end('This is a WebSocket server. Open ws:// or wss:// with this address.\n');
  const server = options.tls ? await secure(options, output, page) : createServer(page);
  const connections = new Set();
  server.on('connection', (socket) => { connections.add(socket.on('close', () => connections.delete(socket))); });
  server.on('upgrade', accept);
  server.on('connect', (request, socket) => {
    if (request.stream) accept(request, request.stream, null);
    else socket.on('error', () => {}).end(NO_PROXY);
  });
  server.listen(options.listen, options.host ?? '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    output.problem(`cannot listen: ${WHY_NOT[error.code]?.(options) ?? error.message}.`);
    return CANNOT_LISTEN;
  }
  const { address, port, family } = server.address();
  const host = family === 'IPv6' ? `[${address}]` : address;
  const end = interrupted(everybody); // before the line that says it listens
  output.note(`listening on ${options.tls ? 'wss' : 'ws'}://${host}:${port}/ (${[options.relay && 'relays', options.stdin && 'sends each line of stdin to all clients'].filter(Boolean).join(', ') || 'echoes'}); Ctrl-C ends it`);
  if (options.stdin) sendLines(service);
  await end;
  server.close();
  for (const socket of connections) socket.destroy(); // also those that are no channel's: of browsers that keep a page's connection, for example
  return 0;
}

/** The subprotocol that a request asks for first, or "". */
function preferred({ headers }) {
  const name = (headers['sec-websocket-protocol'] ?? '').split(',')[0].trim();
  try {
    validateHeaderName(name); // a subprotocol is a token, as a header's name is
    return name;
  } catch {
    return ''; // the channel says what is wrong with the request
  }
}

/** A channel that is ready for asyncAccept. */
function newServerChannel(options, signal, request) {
  const channel = new WebSocketChannel({ ...options.channel, signal });
  channel.protocol = options.subprotocol?.join(',') ?? (request ? preferred(request) : '');
  setPings(channel, options);
  return channel;
}

/** Over HTTP/2, Node refuses some repeated headers. The server goes on. */
function takeOver(channel, output, upgrade, listener) {
  try {
    channel.asyncAccept(...upgrade, listener, null);
  } catch (error) {
    names.delete(channel.serial); // there will be no onStop
    output.problem(inFlags(error.message, error.cause));
    upgrade[1].destroy();
  }
}

/** Serves one client. */
function serve({ options, output, frames, everybody, pressure, stdout }, upgrade) {
  const controller = new AbortController();
  const channel = newServerChannel(options, controller.signal, upgrade[0]);
  channel.loadGroup = everybody;
  members.set(channel, { controller, socket: upgrade[1] });
  const name = `#${clients += 1}`;
  names.set(channel.serial, name);
  const received = (data) => {
    if (options.stdin && !output.received(data)) stdout.hold(channel);
    if (options.stdin && !options.relay) return;
    if (options.verbose) output.note(`${name}: ${size(sizeOf(data))}`);
    const receivers = options.relay ? [...everybody].filter((it) => it !== channel) : [channel];
    for (const member of receivers) {
      const accepted = typeof data === 'string' ? member.sendMsg(data) : member.sendBinaryMsg(data);
      if (accepted) frames?.sent(member.serial, sizeOf(data));
    }
    pressure.hold(channel, receivers, socketOf);
  };
  takeOver(channel, output, upgrade, {
    onStart: () => { if (channel.state === 'open') output.note(`${name} connected: ${new URL(channel.URI).pathname}${channel.protocol && `, subprotocol ${channel.protocol}`}`); },
    onMessageAvailable: (_, text) => received(text),
    onBinaryMessageAvailable: (_, bytes) => received(bytes),
    onAcknowledge: () => pressure.eased(channel),
    onStop(_, number, { message, code, reason, name: status }) {
      pressure.eased(channel);
      output.note(`${name} has left: ${status === 'NS_OK' ? closing(code, reason) : inFlags(message).replace(/^the client: /, '')}`);
      queueMicrotask(() => names.delete(channel.serial)); // its last frames are shown in a microtask
    },
  });
}

/** The socket of each channel, and what aborts it. */
const members = new WeakMap();
const socketOf = (channel) => members.get(channel).socket;
/** How the output calls each client, by its channel's serial number. */
const names = new Map();
let clients = 0;

async function secure(options, output, page) {
  const given = options.channel.tls;
  if (Boolean(given.cert) !== Boolean(given.key)) throw new UsageError('--tls: --cert and --key belong together. Pass both, or neither.');
  const made = given.cert ? given : await certificate();
  if (!given.cert) output.note(`using a temporary certificate: clients trust it with --ca ${made.path}, or any certificate with --insecure`);
  try {
    return createSecureServer({ cert: made.cert, key: made.key, passphrase: given.passphrase, allowHTTP1: true, settings: { enableConnectProtocol: true } }, page);
  } catch (error) {
    throw new UsageError(`--cert, --key: they cannot be used: ${error.message}.`);
  }
}

const sizeOf = (data) => (typeof data === 'string' ? Buffer.byteLength(data) : data.length);

function sendLines({ everybody, frames, output, pressure, stdout }) {
  let waits = 0; // for so many slow clients, and for stdout
  const source = {
    suspend: () => { if ((waits += 1) === 1) lines.pause(); },
    resume: () => { if ((waits -= 1) === 0) lines.resume(); },
  };
  const send = (line) => {
    const text = textOf(line);
    if (text === null) return output.problem('a line of stdin is not UTF-8, and is not sent.');
    const bytes = Buffer.byteLength(text);
    for (const member of frames ? everybody : []) if (member.state === 'open') frames.sent(member.serial, bytes);
    output.note(`sent to ${everybody.sendMsg(text)}`);
    if (!output.sent(text, bytes)) stdout.hold(source);
    pressure.hold(source, everybody, socketOf);
  };
  const lines = new Lines(process.stdin, send, () => {});
}

/** Ctrl-C closes every channel. A second one exits at once. */
function interrupted(everybody) {
  return new Promise((resolve) => {
    let count = 0;
    onInterrupt(() => {
      count += 1;
      if (count > 1) process.exit(INTERRUPTED);
      process.stdin.destroy();
      for (const channel of everybody) channel.close(1001, 'The server is shutting down.');
      const look = setInterval(() => { if (everybody.activeCount === 0) finish(); }, 20);
      const limit = setTimeout(() => finish(), 1000);
      const finish = () => {
        clearInterval(look);
        clearTimeout(limit);
        everybody.cancel();
        resolve();
      };
    });
  });
}
