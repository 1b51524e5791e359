// The command at a terminal, which `script` provides: keys, commands, and what a server must not be able to do.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { start, startAtTerminal } from './command.js';
import { folder, url } from './server.js';

test('at a terminal: lines, commands, history, hex and JSON', async () => {
  const terminal = startAtTerminal([`${url}/binary`]);
  await terminal.until(/000000 {2}00 01 02 ff.*\.{4}/);
  terminal.type('hello there\r');
  await terminal.until(/← 11 B.* .*hello there/);
  terminal.type('/ping\r');
  await terminal.until(/pong after [\d.]+ ms/);
  terminal.type('//slash\r');
  await terminal.until(/← 6 B.*\/slash/);
  terminal.type('/json\r');
  await terminal.until(/JSON is indented/);
  terminal.type('{"a":[1,2]}\r');
  await terminal.until(/"a": \[/);
  terminal.type('/binary 41 42\r');
  await terminal.until(/← 2 B binary[^]*41 42/);
  terminal.type('/binary 4\r');
  await terminal.until(/hexadecimal/);
  terminal.type('/binary 1 23 4\r');
  await terminal.until(/hexadecimal[^]*hexadecimal/);
  terminal.type('/close abc def\r');
  await terminal.until(/Write \/close, /);
  terminal.type('/nonsense\r');
  await terminal.until(/Unknown command: \/nonsense/);
  terminal.type('/help\r');
  await terminal.until(/Up and down go through/);
  for (let at = 0; at < 11; at++) terminal.type('\x1b[A'); // up, to the first line
  terminal.type('\r');
  await terminal.until(/← 11 B[^]*hello there[^]*← 11 B[^]*"a"[^]*← 11 B[^]*hello there/);
  terminal.type('/close 4002 bye\r');
  const { code, stdout } = await terminal.done;
  assert.match(stdout, /closed: 4002/);
  assert.equal(code, 0);
});

test('at a terminal: control characters are shown, not executed; Ctrl-C and Ctrl-D close; SIGINT while connecting exits with 130', async () => {
  const terminal = startAtTerminal([`${url}/escape`]);
  await terminal.until(/␛\[2Jgone␇/);
  terminal.type('\x03');
  assert.equal((await terminal.done).code, 0);
  const left = startAtTerminal([url]);
  await left.until(/\/help lists the commands[^]*> /);
  left.type('\x04'); // Ctrl-D
  assert.equal((await left.done).code, 0);
  const stuck = createTcpServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await once(stuck, 'listening');
  const waiting = start([`ws://127.0.0.1:${stuck.address().port}`]);
  await waiting.until(/connecting/);
  waiting.child.kill('SIGINT');
  assert.equal((await waiting.done).code, 130);
  stuck.close();
});

test('at a terminal: what is typed while connecting is sent once the connection is open, and Ctrl-D closes it then', async () => {
  const terminal = startAtTerminal([`${url}/later`]);
  await terminal.until(/connecting/);
  terminal.type('early\r/nonsense\r');
  await terminal.until(/Unknown command: \/nonsense[^]*← 5 B.* .*early/);
  terminal.type('\x04');
  assert.equal((await terminal.done).code, 0);
  const left = startAtTerminal([`${url}/later`]);
  await left.until(/connecting/);
  left.type('last\r');
  left.type('\x04');
  const { code, stdout } = await left.done;
  assert.match(stdout, /connected[^]*closed: 1000/);
  assert.equal(code, 0);
  const interrupted = startAtTerminal([`${url}/later`]);
  await interrupted.until(/connecting/);
  interrupted.type('\x03');
  assert.equal((await interrupted.done).code, 130);
});

test('at a terminal: files, /quit, Tab, and editing the line', async () => {
  await writeFile(join(folder, 'a file'), 'from a file');
  const terminal = startAtTerminal([url]);
  await terminal.until(/\/help lists the commands[^]*> /);
  terminal.type(`/text @"${join(folder, 'a file')}"\r`);
  await terminal.until(/← 11 B.* .*from a file/);
  terminal.type(`/binary @${join(folder, 'a file')}\r`);
  await terminal.until(/← 11 B binary[^]*from a file/);
  terminal.type('/text @/nowhere\r');
  await terminal.until(/there is no file "\/nowhere"/);
  terminal.type('/text @/dev/zero\r');
  await terminal.until(/a pipe or a device\. Pass a regular file\./);
  // Left, then x: key by key, because readline takes keys that come together for pasted text.
  const keys = [['ab', /ab/], ['\x1b[D', /\x1b\[1D/], ['x', /> axb/], ['\r', /← 3 B.* .*axb/], ['/qu', /\/qu/], ['\t', /\/quit /], ['\r', /closed: 1000/]];
  for (const [key, shown] of keys) {
    terminal.type(key);
    await terminal.until(shown);
  }
  assert.equal((await terminal.done).code, 0);
});

test('at a terminal: Ctrl-Z and fg, and a second Ctrl-C that does not wait for the server', async () => {
  const terminal = startAtTerminal([`${url}/deaf`]);
  await terminal.until(/\/help lists the commands[^]*> /);
  const { stdout } = await start(['-f', `^[^ ]*node .*${url}/deaf`], { program: ['pgrep'] }).done;
  for (const signal of ['SIGTSTP', 'SIGCONT']) {
    process.kill(Number(stdout.split('\n')[0]), signal);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  terminal.type('/nonsense\r');
  await terminal.until(/Unknown command: \/nonsense/);
  terminal.type('\x03');
  await terminal.until(/Ctrl-C again to leave at once/);
  terminal.type('\x03');
  assert.equal((await terminal.done).code, 130);
});

test('at a terminal: no byte of a server reaches the terminal as a control character, whatever stdin is', async () => {
  const HOSTILE = /\x1b\[2J|\x1b\[31mred|\x07|\x9b|\u202e|\u2066/;
  for (const [args, says] of [
    [[`${url}/escape-close`], /4001 ␛\[31mred␇/], [['-q', `${url}/escape-close`], /4001 ␛\[31mred␇/], [['--json', '-1', `${url}/escape`], /\\u001b\[2Jgone\\u0007/],
    [['-1', `${url}/escape`], /␛\[2Jgone␇/], [['-1', `${url}/binary`], /00 01 02 ff/],
    [['-1', `${url}/reversed`], /shown\ufffdreversed\ufffd/], [['-1', '--json', `${url}/reversed`], /shown\\u202ereversed\\u2066/],
  ]) {
    const { stdout } = await startAtTerminal(args, '</dev/null').done;
    assert.match(stdout, says);
    assert.doesNotMatch(stdout, HOSTILE);
  }
});
