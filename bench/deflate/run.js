// `node bench/deflate/run.js` compares zlib-rs with miniz_oxide in wasm, in turns: medians of 9 rounds.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { main, root, run } from '../../scripts/run.js';

const ROUNDS = 9;
const record = (id) => JSON.stringify({ id, name: `user ${id}`, email: `user${id}@example.org`, tags: ['a', 'b', String(id % 7)], score: id * 1.5 });
const json = (length) => { let text = ''; for (let id = 0; text.length < length; id++) text += record(id); return text.slice(0, length); };
const MESSAGES = { '472 B JSON': json(472), '64 KiB JSON': json(65536) };
const LEVELS = [1, 6];

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

await main(async () => {
  const folder = join(root, 'bench', 'deflate');
  const target = join(root, 'target', 'deflate-bench');
  for (const optLevel of ['3', 's']) {
    await run('cargo', ['build', '--quiet', '--release', '--target', 'wasm32-unknown-unknown', '--manifest-path', join(folder, 'Cargo.toml'), '--target-dir', target], {
      env: { CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS: '-Ctarget-feature=+simd128', CARGO_PROFILE_RELEASE_OPT_LEVEL: optLevel } });
    const bytes = await readFile(join(target, 'wasm32-unknown-unknown', 'release', 'deflate_libraries.wasm'));
    const { instance: { exports } } = await WebAssembly.instantiate(bytes);
    for (const [name, text] of Object.entries(MESSAGES)) {
      for (const level of LEVELS) {
        const message = Buffer.from(text);
        const address = exports.prepare(message.length, level);
        new Uint8Array(exports.memory.buffer, address, message.length).set(message);
        const sizes = {};
        const times = { zlib_deflate: [], miniz_deflate: [], zlib_inflate: [], miniz_inflate: [] };
        const repeats = Math.ceil(4e6 / message.length);
        for (let round = 0; round < ROUNDS; round++) {
          for (const [call, list] of Object.entries(times)) {
            const started = performance.now();
            for (let i = 0; i < repeats; i++) sizes[call] = exports[call]();
            list.push((performance.now() - started) * 1000 / repeats);
          }
        }
        const show = (call) => `${median(times[call]).toFixed(2)} µs`;
        console.log(`opt-level ${optLevel}, ${name}, level ${level}: deflate zlib-rs ${show('zlib_deflate')} (${sizes.zlib_deflate} B), miniz_oxide ${show('miniz_deflate')} (${sizes.miniz_deflate} B); `
          + `inflate zlib-rs ${show('zlib_inflate')}, miniz_oxide ${show('miniz_inflate')}`);
      }
    }
  }
});
