import { createHash } from 'node:crypto';
import { WebSocketServer } from 'ws';
import { recordFrames } from './frame.js';

/**
 * The npm package `ws` as the peer. The URL's path chooses what it does (`manners` below), and the query chooses how. Every path takes
 * `select`, the subprotocol to choose (if absent, the first that was offered; if empty, none), and `deflate`, which is 1 or ws's settings for
 * permessage-deflate as JSON.
 */
export function attachWs(server, records) {
  const shared = { noServer: true, maxPayload: 256 * 1024 * 1024, handleProtocols: chooseSubprotocol };
  const servers = new Map();
  const serverFor = (deflate) => {
    if (!servers.has(deflate)) servers.set(deflate, new WebSocketServer({ ...shared, perMessageDeflate: deflate === '1' || JSON.parse(deflate) }));
    return servers.get(deflate);
  };
  server.on('upgrade', (request, socket, head) => {
    const url = new URL(request.url, 'ws://peer');
    const id = url.searchParams.get('id');
    records.update(id, (record) => {
      record.peer = 'ws';
      record.remoteAddress = socket.remoteAddress ?? null;
      record.request = { method: request.method, target: request.url, version: `HTTP/${request.httpVersion}`, headers: request.headers };
    });
    socket.on('end', () => records.update(id, (record) => { record.ended ??= 'fin'; }));
    socket.on('error', () => records.update(id, (record) => { record.ended ??= 'reset'; }));
    socket.on('close', () => records.update(id, (record) => { record.ended ??= 'closed'; }));
    if (url.pathname === '/refuse') return refuse(socket, url.searchParams);
    serverFor(url.searchParams.get('deflate') ?? 'false').handleUpgrade(request, socket, head, (ws) => {
      // This listener comes before the one of ws, because ws unmasks the bytes in place.
      socket.prependListener('data', recordFrames(records, id));
      welcome(ws, url, (change) => records.update(id, change));
    });
  });
}

function welcome(ws, url, update) {
  update((record) => { record.opened = true; });
  ws.on('error', () => {});
  ws.on('message', (data, binary) => update((record) => {
    if (record.messages.length < 2000) record.messages.push(describe(data, binary));
  }));
  const manner = manners[url.pathname];
  if (manner) manner(ws, url.searchParams);
  else ws.close(4404, 'no such path');
}

const manners = {
  '/echo'(ws) {
    ws.on('message', (data, binary) => ws.send(data, { binary }));
  },
  /** Answers each message with its description, which includes its size and SHA-256. */
  '/digest'(ws) {
    ws.on('message', (data, binary) => ws.send(JSON.stringify(describe(data, binary))));
  },
  /** Sends `count` messages and closes with `code` (without a code if absent), at once or when the first message arrives (`at=message`). */
  '/close'(ws, query) {
    const close = () => {
      for (let at = 0; at < Number(query.get('count') ?? 0); at++) ws.send(`message ${at}`);
      if (query.has('code')) ws.close(Number(query.get('code')), query.get('reason') ?? '');
      else ws.close();
    };
    if (query.get('at') === 'message') ws.once('message', close);
    else close();
  },
  /** Sends `count` numbered messages of `size` bytes, alternately text and binary. */
  '/greet'(ws, query) {
    for (let at = 0; at < Number(query.get('count')); at++) {
      const text = `${at}:`.padEnd(Number(query.get('size') ?? 0), '.');
      ws.send(at % 2 ? Buffer.from(text) : text);
    }
  },
  /** Sends one message of `size` bytes when the first message arrives: text, or binary with `binary=1`. */
  '/big'(ws, query) {
    ws.once('message', () => ws.send(Buffer.alloc(Number(query.get('size')), 'b'), { binary: query.has('binary') }));
  },
  /** Cuts the connection when the first message arrives. */
  '/terminate'(ws) {
    ws.once('message', () => ws.terminate());
  },
};

function describe(data, binary) {
  const sha256 = createHash('sha256').update(data).digest('hex');
  const small = data.length <= 2000;
  return { type: binary ? 'binary' : 'text', size: data.length, sha256, ...(small && { text: data.toString('utf8'), hex: data.toString('hex') }) };
}

function chooseSubprotocol(offered, request) {
  const select = new URL(request.url, 'ws://peer').searchParams.get('select');
  return select === null ? [...offered][0] : select || false;
}

/** `location` is for a redirect. A gateway in front of this peer passes it on once the user is authenticated. */
function refuse(socket, query) {
  const body = query.get('body') ?? 'refused';
  const location = query.has('location') ? `Location: ${query.get('location')}\r\n` : '';
  socket.end(`HTTP/1.1 ${query.get('status')} Refused\r\nContent-Type: text/plain\r\nX-Refused-By: ws peer\r\n${location}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}
