import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket as Ws } from 'ws';
import { installedFolder } from '../../behaviour/harness/installed.js';
import { freePort, startWs, until } from '../harness/server.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'build', 'clients', 'readme');

/** Writes the code block of a document that contains this text as a module, with `url` in place of the example URL. Resolves to the module's path. */
async function snippet(document, text, url) {
  const page = await readFile(join(root, document), 'utf8');
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code).filter((code) => code.includes(text));
  assert.equal(blocks.length, 1, `code blocks of ${document} with ${text}`);
  await install();
  const file = join(folder, `${text.replace(/\W+/g, '_')}.mjs`);
  await writeFile(file, blocks[0].replaceAll('wss://example.org/chat', url).replace('Bearer …', 'Bearer token'));
  return file;
}

/** Makes the folder a project that has installed this package and partysocket. */
async function install() {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  for (const [name, from] of [['websocket-channel', installedFolder()], ['partysocket', join(root, 'tests-wasm', 'clients')]]) {
    await symlink(join(from, 'node_modules', name), join(folder, 'node_modules', name));
  }
}

/** Runs the module until `isEnough` holds for its output, or until it ends. Resolves to the output. */
async function printed(file, isEnough) {
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (more) => { text += more; });
  const ended = once(child, 'close');
  if (isEnough) {
    await until(() => isEnough(text), `enough of what it prints, which is:\n${text}`);
    child.kill();
  }
  await ended;
  return text;
}

/** Opens a client of the chat, and resolves to its socket and the messages that it receives. Tries again while the server starts. */
async function chatClient(port) {
  for (let attempt = 0; ; attempt++) {
    const socket = new Ws(`ws://127.0.0.1:${port}/chat`, 'chat');
    const heard = [];
    socket.on('message', (data) => heard.push(data.toString()));
    const error = await new Promise((resolve) => { socket.on('open', () => resolve(null)).on('error', resolve); });
    if (error === null) return { socket, heard };
    if (attempt === 100) throw error;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const greets = (socket) => {
  socket.on('message', (data) => {
    socket.send(`you said ${data}`);
    socket.close(4000, 'enough');
  });
};

export const readmeSnippets = {
  async 'partysocket over WebSocket reconnects'() {
    let count = 0;
    const { url } = await startWs((socket) => { socket.send(`connection ${++count}`, () => socket.terminate()); });
    const text = await printed(await snippet('docs/guide.md', "from 'partysocket'", url), (it) => it.includes('connection 2'));
    assert.match(text, /^connection 1\nconnection 2\n/);
  },

  async 'WebSocket'() {
    const { url } = await startWs(greets, { handleProtocols: () => 'chat' });
    const text = await printed(await snippet('README.md', 'socket.onopen = () =>', url));
    assert.equal(text, 'you said hello\nclosed 4000 enough true\n');
  },

  async 'WebSocketStream'() {
    const { url } = await startWs(greets);
    const text = await printed(await snippet('docs/guide.md', 'const { closeCode, reason } =', url));
    assert.equal(text, 'you said hello\n');
  },

  async 'the chat server'() {
    const port = await freePort();
    const file = await snippet('README.md', 'channel.asyncAccept(', '');
    await writeFile(file, (await readFile(file, 'utf8')).replace('8080', port));
    const child = spawn(process.execPath, [file], { stdio: ['ignore', 'inherit', 'inherit'] });
    try {
      const [first, second] = [await chatClient(port), await chatClient(port)];
      await until(() => first.heard.length === 2, 'both guests');
      second.socket.send('hello');
      await until(() => first.heard.length === 3 && second.heard.length === 2, 'the message');
      second.socket.close();
      await until(() => first.heard.length === 4, 'the farewell');
      const guests = first.heard.map((text) => text.replace(/\d+/, 'N'));
      assert.deepEqual(guests, ['guest N is here', 'guest N is here', 'guest N: hello', 'guest N has left']);
      assert.equal(first.socket.protocol, 'chat');
      const refused = new Ws(`ws://127.0.0.1:${port}/other`);
      const [, response] = await once(refused.on('error', () => {}), 'unexpected-response');
      assert.deepEqual([response.statusCode, response.headers['x-room']], [404, 'one']);
      child.kill();
      const [code, reason] = await once(first.socket, 'close');
      assert.deepEqual([code, reason.toString()], [1001, 'The server restarts.']);
    } finally {
      child.kill('SIGKILL');
    }
  },

  async 'WebSocket with the options of a channel'() {
    let headers;
    const { url } = await startWs((socket, request) => { headers = request.headers; socket.close(); });
    const file = await snippet('docs/guide.md', 'pingInterval: 30', url);
    assert.equal(await printed(file), '');
    assert.deepEqual([headers.authorization, headers['sec-websocket-protocol']], ['Bearer token', 'chat']);
  },
};
