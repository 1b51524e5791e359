import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
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

    test('the release check fails while fields are missing that only a publisher can fill in, and names each', async () => {
      const file = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
      const manifest = JSON.parse(await readFile(file('pkg-template/package.json'), 'utf8'));
      const { code, stdout, stderr } = await finish(process.execPath, [file('scripts/release.js'), '--check']);
      const missing = ['repository', 'homepage', 'bugs', 'author'].filter((field) => manifest[field] === undefined);
      for (const field of missing) assert.ok(`${stdout}${stderr}`.includes(`pkg-template/package.json: "${field}" is missing. Add it.`), stdout + stderr);
      if (missing.length > 0) assert.notEqual(code, 0);
    });
  });
}
