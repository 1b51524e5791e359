import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installedFolder } from '../../behaviour/harness/installed.js';
import { startWs, until } from '../harness/server.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'build', 'clients', 'readme');

/** The README's code block that has this text, as a module that talks to `url` instead of its example. */
async function snippet(text, url) {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code).filter((code) => code.includes(text));
  assert.equal(blocks.length, 1, `code blocks of the README with ${text}`);
  await install();
  const file = join(folder, `${text.replace(/\W+/g, '_')}.mjs`);
  await writeFile(file, blocks[0].replaceAll('wss://example.org/chat', url).replace('Bearer …', 'Bearer token'));
  return file;
}

/** As a project that has installed this package and partysocket. */
async function install() {
  await rm(folder, { recursive: true, force: true });
  await mkdir(join(folder, 'node_modules'), { recursive: true });
  for (const [name, from] of [['websocket-channel', installedFolder()], ['partysocket', join(root, 'tests-wasm', 'clients')]]) {
    await symlink(join(from, 'node_modules', name), join(folder, 'node_modules', name));
  }
}

/** Runs it until `isEnough` of what it prints holds, or to its end. */
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

const greets = (socket) => {
  socket.on('message', (data) => {
    socket.send(`you said ${data}`);
    socket.close(4000, 'enough');
  });
};

export const readmeSnippets = {
  async 'partysocket over WebSocket connects anew'() {
    let count = 0;
    const { url } = await startWs((socket) => { socket.send(`connection ${++count}`, () => socket.terminate()); });
    const text = await printed(await snippet("from 'partysocket'", url), (it) => it.includes('connection 2'));
    assert.match(text, /^connection 1\nconnection 2\n/);
  },

  async 'WebSocket'() {
    const { url } = await startWs(greets, { handleProtocols: () => 'chat' });
    const text = await printed(await snippet('socket.onopen = () =>', url));
    assert.equal(text, 'you said hello\nclosed 4000 enough true\n');
  },

  async 'WebSocketStream'() {
    const { url } = await startWs(greets);
    const text = await printed(await snippet('new WebSocketStream(', url));
    assert.equal(text, 'you said hello\n');
  },

  async 'WebSocket with the options of a channel'() {
    let headers;
    const { url } = await startWs((socket, request) => { headers = request.headers; socket.close(); });
    const file = await snippet('pingInterval: 30', url);
    await writeFile(file, `import { WebSocket } from 'websocket-channel';\n${await readFile(file, 'utf8')}`);
    assert.equal(await printed(file), '');
    assert.deepEqual([headers.authorization, headers['sec-websocket-protocol']], ['Bearer token', 'chat']);
  },
};
