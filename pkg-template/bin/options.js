// The command line: one table of flags, which is parsed and printed as the help.

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { parseArgs } from 'node:util';
import { CLOSING_RANGES } from 'build:constants';
import { EXIT_CODES } from './outcome.js';

export const USAGE_ERROR = 2;

/** The command line is not valid. The message says why. */
export class UsageError extends Error {}

/** [name, short name, the name of its value or null, what it does]. A flag whose name ends with + may be given several times. */
const FLAGS = {
  'Messages': [
    ['send+', 's', 'TEXT', 'send this text once the connection is open, before anything else'],
    ['send-file+', null, 'FILE', 'send this file as a binary message, after the texts of --send; - is stdin'],
    ['once', '1', null, 'end after the first message'],
    ['count', 'n', 'N', 'end after N messages'],
    ['wait', 'w', 'SECONDS', 'after stdin has ended, close once no message has arrived for this many seconds, or "forever" (default 1; with --once and --count, forever)'],
    ['json', 'j', null, 'print one object per line: time, direction ("sent", "received"), kind ("text", "binary"), size in bytes, and text or base64; on a terminal, indent messages that are JSON'],
    ['binary', 'b', null, 'send each line of stdin as a binary message, byte by byte'],
    ['save', null, 'FOLDER', 'save binary messages to files in this folder instead of printing them'],
  ],
  'The connection': [
    ['header+', 'H', '"NAME: VALUE"', 'add a request header'],
    ['subprotocol+', 'p', 'NAME', 'ask for a subprotocol, the preferred one first'],
    ['origin', 'o', 'ORIGIN', 'send this Origin'],
    ['user', 'u', 'NAME:PASSWORD', 'for a server that asks for a user name and password (Basic, Digest)'],
    ['proxy', 'x', 'URI', 'http://, https:// or socks5://, or "env" for the usual variables'],
    ['ca', null, 'FILE', 'trust the certificates in this file, in addition to those that Node trusts'],
    ['cert', null, 'FILE', 'the client\'s certificate; with --listen, the server\'s'],
    ['key', null, 'FILE', 'the key of this certificate'],
    ['passphrase', null, 'TEXT', 'the key\'s passphrase, if it is encrypted'],
    ['insecure', 'k', null, 'trust any certificate'],
    ['servername', null, 'NAME', 'the host name to send in the TLS handshake and to look for in the certificate, if it is not the URI\'s'],
    ['socket+', null, 'NAME=VALUE', 'an option of Node\'s net.connect, such as family=6, localAddress=10.0.0.1 or path=/run/app.sock'],
    ['http2', null, null, 'offer HTTP/2'],
    ['no-deflate', null, null, 'offer no compression'],
    ['deflate+', null, 'NAME=VALUE', 'a setting of the compression: level, threshold, clientMaxWindowBits, serverMaxWindowBits, clientNoContextTakeover, serverNoContextTakeover'],
    ['max-redirects', null, 'N', 'how many redirects to follow (default 10)'],
    ['max-size', null, 'BYTES', 'the longest message to accept (default 128 MiB)'],
    ['timeout', 't', 'SECONDS', 'how long the connection may take to open (default 20)'],
    ['close-timeout', null, 'SECONDS', 'how long the peer may take to answer a close frame (default 20)'],
    ['ping', null, 'SECONDS', 'send a ping after this much silence'],
    ['ping-timeout', null, 'SECONDS', 'how long the peer may take to answer a ping (default 10)'],
    ['close-code', null, 'CODE', 'close with this code instead of 1000'],
  ],
  'Inspecting': [
    ['frames', 'f', null, 'show each frame that is sent or received'],
    ['verbose', 'v', null, 'show how the connection is established: lookup, connect, TLS, redirects, request, response'],
    ['quiet', 'q', null, 'show nothing but messages and failures'],
    ['no-color', null, null, 'use no colors; the variable NO_COLOR does the same'],
  ],
  'Serving': [
    ['listen', 'l', 'PORT', 'be a server on this port of 127.0.0.1, and send each message back'],
    ['host', null, 'ADDRESS', 'listen on this address instead'],
    ['relay', null, null, 'send what one client says to all the others'],
    ['stdin', null, null, 'send each line of stdin to all clients, and print what they say instead of sending it back'],
    ['tls', null, null, 'serve wss, with --cert and --key or with a temporary certificate'],
  ],
  'Load': [
    ['load', null, 'N', 'open N connections to a server that echoes, and measure'],
    ['rate', null, 'N', 'messages a second on each of them (default 1)'],
    ['size', null, 'BYTES', 'the size of a message (default 125)'],
    ['seconds', null, 'SECONDS', 'how long to send (default 10)'],
    ['one-connecting-per-host', null, null, 'open one connection to a host at a time, as RFC 6455 demands, instead of up to 100'],
  ],
  'Other': [
    ['help', 'h', null, 'print this'],
    ['version', 'V', null, 'print the version'],
  ],
};

const ALL = Object.values(FLAGS).flat().map(([name, short, value]) => ({ name: name.replace('+', ''), short, takesValue: value !== null, isList: name.endsWith('+') }));
/** The longest delay of setTimeout, in seconds. */
const MAX_SECONDS = 2_147_483;
const TIMEOUTS = ['timeout', 'close-timeout'];
/** The numbers that must not be 0. */
const POSITIVE = [...TIMEOUTS, 'count', 'load', 'ping-timeout'];
/** What --socket can set: the options of net.connect that are texts, and those that are numbers or booleans. The host and port are the URI's. */
const SOCKET_TEXTS = ['path', 'localAddress'];
const SOCKET_VALUES = ['family', 'hints', 'localPort', 'noDelay', 'keepAlive', 'keepAliveInitialDelay', 'autoSelectFamily', 'autoSelectFamilyAttemptTimeout'];
const NUMBERS = ['count', 'wait', 'max-redirects', 'max-size', 'timeout', 'close-timeout', 'ping', 'ping-timeout', 'close-code', 'listen', 'load', 'rate', 'size', 'seconds'];

export const HELP = `Usage: websocket-channel [options] URI
       websocket-channel --listen PORT [options]
       websocket-channel --load N [options] URI

Connects to a WebSocket server. On a terminal, type a line to send it, and /help for more. In a pipe, each line of stdin is a message,
and each message goes to stdout. Everything else goes to stderr.

  websocket-channel wss://example.org/chat
  websocket-channel 8080                      (ws://localhost:8080)
  echo '{"hello":1}' | websocket-channel --once wss://example.org/api
  websocket-channel --frames --header 'Authorization: Bearer x' wss://example.org
  websocket-channel --listen 8080 --relay

${Object.entries(FLAGS).map(([group, flags]) => `${group}\n${flags.map(describe).join('\n')}`).join('\n\n')}

Exit codes
${EXIT_CODES.map(([code, text]) => `  ${String(code).padStart(3)}  ${text}`).join('\n')}`;

function describe([name, short, value, text]) {
  const flag = `${short ? `-${short}, ` : '    '}--${name.replace('+', '')}${value ? ` ${value}` : ''}`;
  const WIDTH = 32;
  const lines = wrap(text, 96 - WIDTH);
  return [`  ${flag}`.padEnd(WIDTH) + (`  ${flag}`.length < WIDTH ? lines.shift() : ''), ...lines.map((line) => ' '.repeat(WIDTH) + line)].join('\n');
}

function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    if (`${lines.at(-1)} ${word}`.length > width) lines.push('');
    lines[lines.length - 1] += `${lines.at(-1) === '' ? '' : ' '}${word}`;
  }
  return lines;
}

/** The command line as an object: flags by their names, numbers as numbers, `uri`, and `channel`, the options of a channel. */
export function parse(args) {
  const config = Object.fromEntries(ALL.map(({ name, short, takesValue, isList }) => [name, { type: takesValue ? 'string' : 'boolean', multiple: isList, ...short && { short } }]));
  let parsed;
  try {
    parsed = parseArgs({ args, options: config, allowPositionals: true });
  } catch (error) {
    throw new UsageError(hint(error));
  }
  const options = { ...parsed.values };
  for (const name of NUMBERS) if (options[name] !== undefined) options[name] = number(name, options[name]);
  const [uri, ...rest] = parsed.positionals;
  if (options.help || options.version) return options;
  if (rest.length > 0) throw new UsageError(`Unexpected argument: "${rest[0]}". Pass messages on stdin or with --send.`);
  if (options.listen !== undefined && uri !== undefined) throw new UsageError('--listen takes a port and no URI. Remove the URI.');
  if (options.listen === undefined && uri === undefined) throw new UsageError('The URI is missing. Pass one, such as wss://example.org.');
  if (options.listen !== undefined && options.load !== undefined) throw new UsageError('--listen and --load cannot be combined. Start one command for each.');
  checkMode(options);
  const first = [...options.send ?? [], ...(options['send-file'] ?? []).map((path) => file('send-file', path === '-' ? process.stdin.fd : path))];
  const isTls = options.tls || (options.listen !== undefined && Boolean(options.cert ?? options.key));
  return { ...options, first, tls: isTls, uri: uri === undefined ? undefined : withScheme(uri), channel: channelOptions(options) };
}

/** The flags that not all of the three ways to run the command accept: [the ways, the flags]. A flag that would do nothing is an error. */
const ONLY = [
  [['client'], ['send', 'send-file', 'once', 'count', 'wait', 'binary', 'close-code']],
  [['listen'], ['host', 'relay', 'stdin', 'tls']],
  [['load'], ['rate', 'size', 'seconds', 'one-connecting-per-host']],
  [['client', 'listen'], ['frames', 'verbose', 'save']],
  [['client', 'load'], ['origin', 'user', 'proxy', 'ca', 'insecure', 'servername', 'socket', 'http2', 'max-redirects', 'timeout']],
];
const WAYS = { client: 'the client', listen: '--listen', load: '--load' };

function checkMode({ listen, load, ...options }) {
  const mode = listen !== undefined ? 'listen' : load !== undefined ? 'load' : 'client';
  for (const [ways, names] of ONLY) {
    const name = ways.includes(mode) ? undefined : names.find((it) => options[it] !== undefined);
    if (name !== undefined) throw new UsageError(`--${name} is for ${ways.map((it) => WAYS[it]).join(' and ')}. Remove it.`);
  }
  if (options['ping-timeout'] !== undefined && !options.ping) throw new UsageError('--ping-timeout needs --ping: without it, no ping is sent.');
  if (options.servername === '') throw new UsageError('--servername: the name is missing.');
  if (options.deflate && options['no-deflate']) throw new UsageError('--deflate and --no-deflate cannot be combined. Remove one of them.');
  const shown = mode === 'listen' && !options.stdin && ['json', 'save'].find((it) => options[it] !== undefined);
  if (shown) throw new UsageError(`--${shown} shows what clients say: with --listen, it needs --stdin.`);
}

/** Node's message, and the flag that was probably meant. */
function hint(error) {
  const [, wrong] = /Unknown option '--?([^']+)'/.exec(error.message) ?? [];
  const [, ambiguous] = /argument is ambiguous[^]* use '(--[\w-]+)=/.exec(error.message) ?? [];
  if (ambiguous) return `${ambiguous}: the value is missing. If it begins with "-", write ${ambiguous}=VALUE.`;
  if (!wrong) return error.message.split('. To specify')[0];
  if (MEANT[wrong]) return `Unknown option: ${wrong.length === 1 ? '-' : '--'}${wrong}. ${MEANT[wrong]}`;
  const near = ALL.map(({ name }) => name).find((name) => name.startsWith(wrong) || wrong.startsWith(name) || distance(name, wrong) <= 2);
  return `Unknown option: ${wrong.length === 1 ? '-' : '--'}${wrong}.${near ? ` Did you mean --${near}?` : ''}`;
}

/** What users of other clients try. */
const MEANT = { c: 'Pass the URI without a flag.', connect: 'Pass the URI without a flag.', auth: 'Did you mean --user?', 'no-check': 'Did you mean --insecure?' };

/** How many letters two words differ by (Levenshtein). */
function distance(one, other) {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [at, letter] of [...one].entries()) {
    const next = [at + 1];
    for (let to = 1; to <= other.length; to++) next[to] = Math.min(row[to] + 1, next[to - 1] + 1, row[to - 1] + (letter === other[to - 1] ? 0 : 1));
    row = next;
  }
  return row.at(-1);
}

function number(name, text) {
  if (name === 'wait' && text === 'forever') return Infinity;
  const value = Number(text);
  const isWhole = ![...TIMEOUTS, 'wait', 'rate', 'seconds'].includes(name);
  if (text.trim() === '' || !(value >= 0) || value === Infinity || (isWhole && !Number.isInteger(value))) {
    throw new UsageError(`--${name}: "${text}" is not valid. Use a ${isWhole ? 'whole ' : ''}number, ${POSITIVE.includes(name) ? 'above 0' : '0 or more'}.`);
  }
  if (value === 0 && POSITIVE.includes(name)) throw new UsageError(`--${name}: 0 is too small. Use a number above it.`);
  if (TIMEOUTS.includes(name) && value > MAX_SECONDS) throw new UsageError(`--${name}: ${value} is too much. Use a number of seconds up to ${MAX_SECONDS}.`);
  if (name === 'listen' && value > 65_535) throw new UsageError(`--listen: ${value} is not a port. Use a number from 0 to 65535; 0 means any free port.`);
  if (name === 'close-code') checkCloseCode(value);
  return value;
}

function checkCloseCode(code) {
  if (CLOSING_RANGES.some(([first, last]) => code >= first && code <= last)) return;
  const ranges = CLOSING_RANGES.map(([first, last]) => `${first} to ${last}`).join(', ');
  throw new UsageError(`--close-code: ${code} is not a code that may be sent. Use one of ${ranges}.`);
}

/** `localhost:8080` and `8080` are meant as ws://localhost:8080. */
function withScheme(uri) {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) return uri;
  return /^\d+$/.test(uri) ? `ws://localhost:${uri}` : `ws://${uri}`;
}

function channelOptions(options) {
  const milliseconds = (seconds) => (seconds === undefined ? undefined : Math.ceil(seconds * 1000));
  return {
    tls: tlsOptions(options),
    socket: settings('socket', options.socket, socketValue),
    headers: (options.header ?? []).map(header),
    deflate: options['no-deflate'] ? false : settings('deflate', options.deflate, (_, text) => settingValue(text)),
    http2: options.http2,
    proxy: options.proxy || undefined,
    redirects: options['max-redirects'],
    maxMessageSize: options['max-size'],
    openTimeoutMs: milliseconds(options.timeout),
    closeTimeoutMs: milliseconds(options['close-timeout']),
    oneConnectingPerHost: options['one-connecting-per-host'],
  };
}

function tlsOptions({ ca, cert, key, passphrase, insecure, servername }) {
  return {
    ...ca && { ca: [...trusted(), certificate('ca', ca)] },
    ...cert && { cert: certificate('cert', cert) },
    ...key && { key: file('key', key) },
    ...passphrase !== undefined && { passphrase },
    ...insecure && { rejectUnauthorized: false },
    ...servername && { servername },
  };
}

/** `['level=9']` as `{ level: 9 }`. `read` makes the value of a name and a text. */
function settings(flag, pairs, read) {
  if (pairs === undefined) return undefined;
  return Object.fromEntries(pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new UsageError(`--${flag}: "${pair}" has no value. Write NAME=VALUE.`);
    const name = pair.slice(0, at);
    return [name, read(name, pair.slice(at + 1))];
  }));
}

/** Node would ignore a name that it does not know. */
function socketValue(name, text) {
  if (SOCKET_TEXTS.includes(name)) return text;
  if (SOCKET_VALUES.includes(name)) return settingValue(text);
  throw new UsageError(`--socket: "${name}" is not a name that it can set. Use one of ${[...SOCKET_TEXTS, ...SOCKET_VALUES].join(', ')}.`);
}

function settingValue(text) {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d+$/.test(text) ? Number(text) : text;
}

/** What Node trusts without an option `ca`. This includes NODE_EXTRA_CA_CERTS from version 22.15 on. */
const trusted = () => tls.getCACertificates?.('default') ?? tls.rootCertificates;

function header(line) {
  const at = line.indexOf(':');
  if (at < 1) throw new UsageError(`--header: "${line}" has no colon. Write "Name: value".`);
  return [line.slice(0, at), line.slice(at + 1).trim()];
}

/** A file of certificates. Node would ignore one that has none. */
function certificate(name, path) {
  const bytes = file(name, path);
  try {
    new X509Certificate(bytes);
  } catch {
    throw new UsageError(`--${name}: ${path} contains no certificate in PEM.`);
  }
  return bytes;
}

function file(name, path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`--${name}: ${error.message}.`);
  }
}
