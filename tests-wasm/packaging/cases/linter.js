import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { finish } from '../harness/program.js';
import { tool } from '../harness/project.js';
import { tarball } from '../harness/tarball.js';

/** Third-party linters for npm packages. */
export function linters() {
  describe('the tarball, linted', () => {
    test('publint only suggests exports in place of the field browser, which Parcel needs', async () => {
      const { code, stdout, stderr } = await finish(tool('publint'), ['run', '--strict', tarball()]);
      assert.equal(code, 0, stdout + stderr);
      const said = stdout.match(/^\d+\. .*$/gm) ?? [];
      assert.equal(said.length, 1, stdout);
      assert.match(said[0], /^1\. pkg\.browser with a string value can be refactored to use pkg\.exports/);
    });

    test('Are The Types Wrong finds the right types for every way to import it', async () => {
      const { code, stdout, stderr } = await finish(tool('attw'), ['--format', 'ascii', '--no-color', tarball()]);
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /No problems found/);
    });
  });
}
