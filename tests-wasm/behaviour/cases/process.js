import { spawn } from 'node:child_process';
import { installedFolder } from '../harness/installed.js';

/** The Node process around a channel: programs of their own, run in the folder where the package is installed. */
export const processes = [
  {
    name: 'a program ends by itself when its channels have stopped',
    async run(t) {
      const { code, stdout } = await program(`
        const channel = new WebSocketChannel();
        channel.asyncOpen(process.argv[1], null, {
          onStart() { channel.sendMsg('hello'); },
          onMessageAvailable(context, text) { console.log(text); channel.close(); },
          onStop(context, status) { console.log(statusName(status)); },
        }, null);
      `, t.peer('ws', '/echo'));
      t.same([code, stdout.trim().split('\n')], [0, ['hello', 'NS_OK']]);
    },
  },
  {
    name: 'a program lives as long as a channel of its is open',
    async run(t) {
      const { code, stdout } = await program(`
        const channel = new WebSocketChannel();
        channel.asyncOpen(process.argv[1], null, { onStop(context, status) { console.log(statusName(status)); } }, null);
      `, t.peer('rude', '/silence'), { untilOpened: t });
      t.same([code, stdout], [null, ''], 'killed, since it did not end');
    },
  },
  {
    name: 'an exception thrown by a listener, which nobody catches, ends the program with its own message',
    async run(t) {
      const { code, stderr } = await program(`
        const channel = new WebSocketChannel();
        channel.asyncOpen(process.argv[1], null, { onStart() { throw new RangeError('thrown by the listener'); } }, null);
      `, t.peer('ws', '/echo'));
      t.is(code, 1);
      t.ok(stderr.includes('RangeError: thrown by the listener'), stderr);
    },
  },
  {
    name: 'creating a channel keeps no program alive',
    async run(t) {
      t.is((await program('globalThis.kept = new WebSocketChannel();', '')).code, 0);
    },
  },
];

/** Runs a module in Node; with `untilOpened` only until its peer has seen it and another channel has come and gone. */
async function program(body, url, { untilOpened: t } = {}) {
  const source = `import { WebSocketChannel, statusName } from 'websocket-channel';\n${body}`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source, url], { cwd: installedFolder() });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].on('data', (data) => { output[name] += data; });
  const ended = new Promise((resolve) => child.once('close', (code) => resolve({ code, ...output })));
  if (t) {
    await t.observed(url);
    await t.roundTrip();
    child.kill();
  }
  return ended;
}
