// The servers that the command's tests connect to. The path of a URI says what the server does.

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { WebSocketServer } from 'ws';
import { certificate } from '../behaviour/harness/certificate.js';

export const { cert, key } = certificate();
/** A folder for the tests' files, with the certificate in cert.pem. */
export const folder = await mkdtemp(join(tmpdir(), 'wsc-terminal-'));
await writeFile(join(folder, 'cert.pem'), cert);
/** The upgrade requests that came. */
export const upgrades = [];
const [server, secure] = [createServer(), createTlsServer({ cert, key })];
const sockets = [server, secure].map((it) => new WebSocketServer({ server: it, handleProtocols: (all) => [...all].at(-1), perMessageDeflate: { threshold: 0 }, verifyClient }));
for (const it of sockets) it.on('connection', serve);
for (const it of [server, secure]) await once(it.listen(0, '127.0.0.1'), 'listening');
export const url = `ws://127.0.0.1:${server.address().port}`;
export const secureUrl = `wss://localhost:${secure.address().port}`;
after(async () => {
  for (const it of sockets) for (const client of it.clients) client.terminate();
  server.close();
  secure.close();
  await rm(folder, { recursive: true });
});

function verifyClient({ req }, decide) {
  upgrades.push(req);
  if (req.url === '/later') return setTimeout(() => decide(true), 1000);
  if (req.url === '/forbidden') return decide(false, 403, 'not you');
  if (req.url === '/user') return req.headers.authorization ? decide(true) : decide(false, 401, 'who are you?', { 'WWW-Authenticate': 'Basic realm="x"' });
  return decide(true);
}

/** The path says what the server does. */
function serve(socket, { url: path }) {
  const manners = {
    '/close': () => socket.close(4001, 'go away'),
    '/lines': () => socket.close(4001, 'one\nfake: line'),
    '/deaf': () => socket._socket.pause(),
    '/lose': () => socket.terminate(),
    '/wrong': () => socket._socket.write(Buffer.from([0xf1, 0])),
    '/binary': () => socket.send(Buffer.from([0, 1, 2, 255])),
    '/many': () => { for (let at = 0; at < 5; at++) socket.send(`message ${at}`); },
    '/flood': () => { for (let at = 0; at < 200_000; at++) socket.send(`line ${at} of many`); },
    '/escape': () => socket.send('\x1b[2Jgone\x07'),
    '/reversed': () => socket.send('shown\u202ereversed\u2066'),
    '/escape-close': () => socket.close(4001, '\x1b[31mred\x07\x9b2J'),
    '/silent': () => socket.removeAllListeners('message'),
    '/half': () => {
      let count = 0;
      socket.removeAllListeners('message').on('message', (data) => { if (count++ % 2 === 0) socket.send(data, { binary: false }); });
    },
    '/binary-echo': () => socket.removeAllListeners('message').on('message', (data) => socket.send(data, { binary: true })),
    '/no-echo': () => socket.removeAllListeners('message').on('message', () => socket.send('no')),
    '/reordered': () => socket.removeAllListeners('message').on('message', (data) => setTimeout(() => socket.send(data, { binary: false }), Math.random() * 50)),
    '/half-late': () => { // the first half of a second is lost
      const begin = Date.now() + 500;
      socket.removeAllListeners('message').on('message', (data) => { if (Date.now() > begin) socket.send(data, { binary: false }); });
    },
    '/slow': () => {
      socket.removeAllListeners('message').on('message', ({ length }) => socket.send(`got ${length}`));
      socket.pause();
      setTimeout(() => socket.resume(), 2500);
    },
    '/json': () => socket.send('{"a":[1,2]}'),
  };
  socket.on('message', (data, binary) => socket.send(data, { binary }));
  (manners[path] ?? (() => {}))();
  socket.on('error', () => {});
}
