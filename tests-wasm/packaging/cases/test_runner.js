import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { transform } from 'esbuild';
import { assertRoundTrip } from '../harness/line.js';
import { finish } from '../harness/program.js';
import { project, projects, tool } from '../harness/project.js';

const JEST = {
  'talk.test.js': 'jest/talk.test.js', 'refused.test.js': 'jest/refused.test.js', 'fake_timers.test.js': 'jest/fake_timers.test.js', 'fake_first.test.js': 'jest/fake_first.test.js',
  'setup.js': 'jest/setup.js', 'talk.mjs': 'talk.mjs',
};
const VITEST = { 'talk.test.js': 'vitest/talk.test.js', 'talk.mjs': 'talk.mjs' };

/** Programs tested with Jest and Vitest, which have their own module systems and globals. */
export function testRunners(world) {
  /** Runs a test runner, and returns what talk.mjs printed in it. The lines go to a file, because a runner does not pass on the output of its programs. */
  async function printedBy(name, args, cwd) {
    const file = join(cwd, 'printed.txt');
    await rm(file, { force: true });
    const { code, stdout, stderr } = await finish(tool(name), args, { cwd, env: { PEER: world.peer.url, PRINTED: file, CI: 'true' } });
    assert.equal(code, 0, stdout + stderr);
    return readFile(file, 'utf8').catch(() => '');
  }

  describe('Jest', () => {
    async function jest(environment, test, ...args) {
      const cwd = await project('jest', JEST);
      const talk = await transform(await readFile(join(cwd, 'talk.mjs'), 'utf8'), { format: 'cjs' });
      await writeFile(join(cwd, 'talk.cjs'), talk.code);
      const path = createRequire(join(projects, 'any.js')).resolve(`jest-environment-${environment}`);
      return printedBy('jest', ['--rootDir', cwd, '--env', path, ...args, '--testPathPatterns', test], cwd);
    }

    test('requires the Node build in the environment node, and talks', async () => {
      assertRoundTrip(await jest('node', 'talk.test'));
    });

    test('channels go on during and after fake timers, in Node and in jsdom', async () => {
      await jest('node', 'fake_timers.test');
      await jest('jsdom', 'fake_timers.test', '--setupFiles', './setup.js');
    });

    test('channels work if fake timers are installed first, in Node and, with the condition node, in jsdom, which has no setImmediate', async () => {
      await jest('node', 'fake_first.test');
      await jest('jsdom', 'fake_first.test', '--setupFiles', './setup.js', '--testEnvironmentOptions', '{"customExportConditions":["node"]}');
    });

    test('requires the browser build in jsdom; without TextEncoder, the constructor throws an error that says what to do', async () => {
      await jest('jsdom', 'refused.test');
    });

    test('talks in jsdom once the advice of that error has been followed', async () => {
      const printed = await jest('jsdom', 'talk.test', '--setupFiles', './setup.js');
      assertRoundTrip(printed);
    });
  });

  describe('Vitest', () => {
    for (const environment of ['node', 'jsdom']) {
      test(`imports it in the environment ${environment}, and talks`, async () => {
        const cwd = await project('vitest', VITEST);
        assertRoundTrip(await printedBy('vitest', ['run', '--root', cwd, '--environment', environment], cwd));
      });
    }
  });
}
