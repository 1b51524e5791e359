import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertRoundTrip, lines } from '../harness/line.js';
import { project } from '../harness/project.js';
import { finish, run } from '../harness/program.js';

export const EXPORTS = ['ChannelError', 'LoadGroup', 'Status', 'WebSocket', 'WebSocketChannel', 'WebSocketError', 'WebSocketStream', 'eventService', 'statusName'];
const PROGRAMS = [
  'esm.mjs', 'cjs.cjs', 'both.mjs', 'nothing.mjs', 'import_only.mjs', 'require_only.cjs', 'without_webassembly.mjs', 'without_webassembly.cjs',
  'subpaths.cjs', 'uncaught.mjs', 'bare.mjs',
];
const FILES = {
  ...Object.fromEntries(PROGRAMS.map((name) => [name, `node/${name}`])),
  'talk.mjs': 'talk.mjs',
  'first_channel.mjs': 'first_channel.mjs',
};

/** The package in Node, and in other hosts that use Node's entry. */
export function nodePrograms(world) {
  const node = async (...args) => run(process.execPath, args, { cwd: await project('node', FILES) });

  describe('in Node', () => {
    test('an ES module imports it and talks', async () => {
      assertRoundTrip(await node('esm.mjs', world.peer.url));
    });

    test('a CommonJS module requires it and talks', async () => {
      assertRoundTrip(await node('cjs.cjs', world.peer.url));
    });

    test('import and require in one process give the same classes', async () => {
      const printed = await node('both.mjs', world.peer.url);
      const [same, different, thrown] = lines(printed);
      assert.deepEqual(same, ['same', EXPORTS]);
      assert.deepEqual(different, ['different', []]);
      assert.deepEqual(thrown, ['thrown', true, 'NS_ERROR_NOT_CONNECTED']);
      assertRoundTrip(printed.split('\n').slice(3).join('\n'));
    });

    for (const [way, program] of [['importing', 'import_only.mjs'], ['requiring', 'require_only.cjs']]) {
      test(`${way} it adds no globals, handles or process listeners, and the process ends by itself`, async () => {
        assert.deepEqual(lines(await node(program)), [['globals', []], ['resources', []], ['listeners', []], ['exports', EXPORTS]]);
      });
    }

    for (const [way, program] of [['importing', 'without_webassembly.mjs'], ['requiring', 'without_webassembly.cjs']]) {
      test(`where WebAssembly is undefined, ${way} it does not throw, and every constructor call throws NS_ERROR_NOT_AVAILABLE`, async () => {
        assertRefusedWithoutWebAssembly(lines(await node(program)));
      });
    }

    test('the same is true under --jitless, which removes WebAssembly', async () => {
      assertRefusedWithoutWebAssembly(lines(await node('--jitless', 'without_webassembly.mjs')));
    });

    test('an uncaught error prints its message and stack in a few lines, even to a pipe', async () => {
      const cwd = await project('node', FILES);
      const { code, stderr } = await finish(process.execPath, ['uncaught.mjs', world.peer.url], { cwd });
      assert.equal(code, 1);
      assert.match(stderr, /^Error: a bug in the listener\n +at .*uncaught\.mjs:5/m);
      assert.ok(stderr.length < 4096, `${stderr.length} characters`);
      for (const line of stderr.split('\n')) assert.ok(line.length < 300, line.slice(0, 300));
    });

    test('only the entry and package.json can be required', async () => {
      assert.deepEqual(lines(await node('subpaths.cjs')), [
        ['package.json', 'websocket-channel'],
        ...['node.cjs', 'browser.mjs', 'index.d.mts'].map((path) => [path, 'ERR_PACKAGE_PATH_NOT_EXPORTED']),
      ]);
    });
  });

  describe('in other hosts that use Node\'s entry', () => {
    for (const [name, variable, args] of [['Deno', 'WSC_DENO', ['run', '--allow-all', '--no-prompt']], ['Bun', 'WSC_BUN', []]]) {
      const command = process.env[variable];
      const skip = command ? false : skipLoudly(`${name}: set ${variable} to its path; its npm package is \`${name.toLowerCase()}\``);
      test(`${name} imports it and talks`, { skip }, async () => {
        const cwd = await project(name.toLowerCase(), FILES);
        const { code, stdout, stderr } = await finish(command, [...args, 'esm.mjs', world.peer.url], { cwd });
        assert.equal(code, 0, stderr);
        assertRoundTrip(stdout);
      });
    }

    test('Deno imports it with no permission except to read files', { skip: !process.env.WSC_DENO }, async () => {
      const cwd = await project('deno', FILES);
      const { code, stderr } = await finish(process.env.WSC_DENO, ['run', '--no-prompt', '--allow-read', 'bare.mjs'], { cwd });
      assert.equal(code, 0, stderr);
    });
  });
}

/** Checks what consumers/first_channel.mjs prints where there is no WebAssembly. */
export function assertRefusedWithoutWebAssembly([imported, ...thrown]) {
  assert.deepEqual(imported, ['imported', EXPORTS.length, 'NS_OK']);
  assert.deepEqual(thrown.map((line) => line.slice(0, 4)), ['first', 'second'].map((which) => ['thrown', which, true, 'NS_ERROR_NOT_AVAILABLE']));
  for (const [, , , , message] of thrown) {
    assert.match(message, /WebAssembly/);
    assert.match(message, /'wasm-unsafe-eval'/);
    assert.match(message, /script-src/);
  }
}

function skipLoudly(reason) {
  console.error(`SKIPPED: ${reason}`);
  return reason;
}
