import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { packageIn, project, tool } from '../harness/project.js';
import { finish } from '../harness/program.js';

const FILES = {
  'use.mts': 'types/use.mts',
  'use.cts': 'types/use.mts',
  'require.cts': 'types/require.cts',
  'misuse.mts': 'types/misuse.mts',
  'bare.mts': 'types/bare.mts',
  'node.mts': 'types/node.mts',
  'web.mts': 'types/web.mts',
};
const BOTH = [['nodenext', 'nodenext'], ['bundler', 'preserve']];

/** The types, checked by TypeScript itself. */
export function types() {
  describe('TypeScript', () => {
    for (const [moduleResolution, module] of BOTH) {
      test(`compiles a program that uses every type and member, as import and as require, with moduleResolution ${moduleResolution}`, async () => {
        await assertCompiles(['use.mts', 'use.cts', 'require.cts'], { moduleResolution, module });
      });

      test(`refuses every misuse, with moduleResolution ${moduleResolution}`, async () => {
        await assertCompiles(['misuse.mts'], { moduleResolution, module });
      });
    }

    test('compiles without the DOM\'s types and without @types/node', async () => {
      await assertCompiles(['bare.mts'], { moduleResolution: 'nodenext', module: 'nodenext', lib: 'es2024' });
    });

    test('knows the options of node:tls and node:net where @types/node is installed', async () => {
      await assertCompiles(['node.mts'], { moduleResolution: 'nodenext', module: 'nodenext', lib: 'es2024', types: 'node' });
    });

    test('compiles with Node\'s own types and without the DOM\'s', async () => {
      await assertCompiles(['use.mts', 'use.cts'], { moduleResolution: 'nodenext', module: 'nodenext', lib: 'es2024', types: 'node' });
    });

    for (const [where, more] of [['in a page', { lib: 'es2024,dom,dom.iterable,dom.asynciterable' }], ['in Node', { lib: 'es2024', types: 'node' }]]) {
      test(`accepts WebSocket as the host's own class ${where}, and knows the types of its events and streams`, async () => {
        await assertCompiles(['web.mts'], { moduleResolution: 'nodenext', module: 'nodenext', ...more });
      });
    }

    test('reports every misuse: without its directives, misuse.mts has as many errors as it had directives', async () => {
      const folder = await project('types', FILES);
      const source = await readFile(join(folder, 'misuse.mts'), 'utf8');
      const misuses = source.match(/\/\/ @ts-expect-error/g).length;
      await writeFile(join(folder, 'misuse_shown.mts'), source.replaceAll('// @ts-expect-error', '//'));
      const { code, stdout } = await tsc(folder, ['misuse_shown.mts'], { moduleResolution: 'nodenext', module: 'nodenext' });
      assert.notEqual(code, 0);
      assert.equal(new Set(stdout.match(/^misuse_shown\.mts\(\d+/gm)).size, misuses, stdout);
    });

    test('the types agree with the names and values at run time, in both builds', async () => {
      const folder = await project('types', FILES);
      const require = createRequire(join(folder, 'runtime.cjs'));
      const [node, browser] = ['node.cjs', 'browser.cjs'].map((name) => agreement(require(join(packageIn(folder), name))));
      assert.equal(node, browser, 'both builds have the same');
      await writeFile(join(folder, 'agreement.mts'), node);
      await assertCompiles(['agreement.mts'], { moduleResolution: 'nodenext', module: 'nodenext' });
    });
  });
}

async function assertCompiles(files, settings) {
  const folder = await project('types', FILES);
  const { code, stdout } = await tsc(folder, files, settings);
  assert.equal(code, 0, stdout);
}

function tsc(cwd, files, { lib = 'es2024,dom,dom.iterable', types = '', ...settings }) {
  const options = { target: 'es2024', lib, types, ...settings };
  const args = Object.entries(options).filter(([, value]) => value !== '').flatMap(([name, value]) => [`--${name}`, value]);
  return finish(tool('tsc'), ['--strict', '--noEmit', '--pretty', 'false', ...args, ...files], { cwd });
}

/** A program that compiles only if the types say exactly what this runtime has. */
function agreement(api) {
  const { ChannelError, LoadGroup, Status, WebSocketChannel } = api;
  const constants = Object.fromEntries(Object.keys(WebSocketChannel).map((name) => [name, WebSocketChannel[name]]));
  assert.ok(Object.keys(constants).length > 10 && Object.keys(Status).length > 10);
  assert.throws(() => { WebSocketChannel.CLOSE_NORMAL = 1; }, TypeError);
  assert.throws(() => { Status.NS_OK = 1; }, TypeError);
  const { prototype } = WebSocketChannel;
  const accessors = Object.entries(Object.getOwnPropertyDescriptors(WebSocketChannel)).filter(([, { set }]) => set)
    .map(([name]) => `; ${name}: (typeof WebSocketChannel)['${name}']`).join('');
  const literal = (object, more = '') => `{ ${Object.entries(object).map(([name, value]) => `readonly ${name}: ${value}`).join('; ')}${more} }`;
  const keys = (names) => names.map((name) => JSON.stringify(name)).join(' | ');
  return `// Written by packaging.test.js from what the runtime has.
import * as api from 'websocket-channel';
import { ChannelError, LoadGroup, Status, WebSocketChannel } from 'websocket-channel';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
type Flat<T> = { [Key in keyof T]: T[Key] };
const holds = <_ extends true>(): void => {};

holds<Same<keyof typeof api, ${keys(Object.keys(api))}>>();
holds<Same<Flat<typeof Status>, ${literal(Status)}>>();
holds<Same<Flat<Omit<typeof WebSocketChannel, 'prototype'>>, ${literal(constants, accessors)}>>();
holds<Same<Flat<WebSocketChannel>, { ${shape('WebSocketChannel', prototype)} }>>();
holds<Same<Exclude<keyof LoadGroup, symbol>, ${keys(members(LoadGroup.prototype))}>>();
holds<Same<Flat<Omit<LoadGroup, typeof Symbol.iterator>>, { ${shape('LoadGroup', LoadGroup.prototype)} }>>();
// Only the errors of the web's own classes have \`detail\`.
holds<Same<Exclude<keyof ChannelError, keyof Error | 'detail'>, ${keys(ownOfError(ChannelError))}>>();
`;
}

/** The prototypes of a class, without Object.prototype. */
function lineage(prototype) {
  const above = Object.getPrototypeOf(prototype);
  return above === null ? [] : [prototype, ...lineage(above)];
}

const members = (prototype) => [...new Set(lineage(prototype).flatMap(Object.getOwnPropertyNames))].filter((name) => name !== 'constructor');

/** The members of a prototype as a type. An accessor without a setter is `readonly`. */
function shape(type, prototype) {
  return members(prototype).map((name) => {
    const { get, set } = Object.getOwnPropertyDescriptor(lineage(prototype).find((one) => Object.hasOwn(one, name)), name);
    return `${get && !set ? 'readonly ' : ''}${name}: ${type}['${name}']`;
  }).join('; ');
}

/** The properties that an error of the package has and other errors do not. */
function ownOfError(ChannelError) {
  return Object.keys(new ChannelError('NS_ERROR_UNEXPECTED', 0x8000FFFF, 'a message')).filter((name) => name !== 'name');
}
