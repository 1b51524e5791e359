// Parses the command line.

import { parseArgs } from 'node:util';
import { CLOSING_RANGES } from 'build:constants';
import { channelOptions, file } from './channel_options.js';
import { ALL } from './flags.js';
import { UsageError } from './usage_error.js';

/** The texts that may be empty. */
const MAY_BE_EMPTY = ['send', 'passphrase'];
/** The longest delay of setTimeout, in seconds. */
const MAX_SECONDS = 2_147_483;
const DURATION = { isFraction: true, most: MAX_SECONDS, unit: 'seconds' };
/** The longest message of --load, in bytes. */
const MAX_SIZE = 1 << 28;
/** The flags that take a number: a whole one of 0 or more, unless it says otherwise. */
const NUMBERS = {
  'count': { isPositive: true },
  'wait': { ...DURATION, mayBeForever: true },
  'max-redirects': {},
  'max-size': { isSize: true },
  'timeout': { ...DURATION, isPositive: true },
  'close-timeout': { ...DURATION, isPositive: true },
  'ping': {},
  'ping-timeout': { isPositive: true },
  'close-code': {},
  'listen': {},
  'load': { isPositive: true },
  'rate': { isFraction: true },
  'size': { isSize: true, most: MAX_SIZE, unit: 'bytes' },
  'seconds': { isFraction: true },
};
/** How many bytes the letter behind a size stands for. */
const UNITS = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 };

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
  for (const [name, value] of Object.entries(options)) {
    if ([value].flat().includes('') && !MAY_BE_EMPTY.includes(name)) throw new UsageError(`--${name}: the value is missing.`);
  }
  for (const name of Object.keys(NUMBERS)) if (options[name] !== undefined) options[name] = number(name, options[name]);
  const [uri, ...rest] = parsed.positionals;
  if (options.help || options.version) return options;
  if (rest.length > 0) throw new UsageError(`Unexpected argument: "${rest[0]}". Pass messages on stdin or with --send.`);
  checkMode(options);
  if (options.listen !== undefined && uri !== undefined) throw new UsageError('--listen takes a port and no URI. Remove the URI.');
  if (options.listen === undefined && !uri?.trim()) throw missing(options);
  const first = [...options.send ?? [], ...(options['send-file'] ?? []).map((path) => file('send-file', path === '-' ? 0 : path))];
  const isTls = options.tls || (options.listen !== undefined && Boolean(options.cert ?? options.key));
  return { ...options, first, tls: isTls, uri: uri === undefined ? undefined : withScheme(uri), channel: channelOptions(options) };
}

/** The flags that not all of the command's three modes accept: [the modes, the flags]. A flag that would do nothing is an error. */
const ONLY = [
  [['client'], ['send', 'send-file', 'once', 'count', 'wait', 'binary', 'close-code']],
  [['listen'], ['host', 'relay', 'stdin', 'tls']],
  [['load'], ['rate', 'size', 'seconds', 'one-connecting-per-host']],
  [['client', 'listen'], ['frames', 'verbose', 'save']],
  [['client', 'load'], ['origin', 'user', 'proxy', 'ca', 'insecure', 'servername', 'socket', 'http2', 'max-redirects', 'timeout']],
];
/** The flags that contradict each other. */
const APART = [['deflate', 'no-deflate'], ['quiet', 'verbose'], ['once', 'count']];
const MODES = { client: 'the client', listen: '--listen', load: '--load' };

function checkMode({ listen, load, ...options }) {
  if (listen !== undefined && load !== undefined) throw new UsageError('--listen and --load cannot be combined. Start one command for each.');
  const mode = listen !== undefined ? 'listen' : load !== undefined ? 'load' : 'client';
  for (const [modes, names] of ONLY) {
    const name = modes.includes(mode) ? undefined : names.find((it) => options[it] !== undefined);
    if (name !== undefined) throw new UsageError(`--${name} is for ${modes.map((it) => MODES[it]).join(' and ')}. Remove it.`);
  }
  if (options['ping-timeout'] !== undefined && !options.ping) throw new UsageError('--ping-timeout needs --ping: without it, no ping is sent.');
  const apart = APART.find((names) => names.every((name) => options[name] !== undefined));
  if (apart) throw new UsageError(`--${apart[0]} and --${apart[1]} cannot be combined. Remove one of them.`);
  if (options['send-file']?.filter((it) => it === '-').length > 1) throw new UsageError('--send-file: stdin can be sent once. Pass - once.');
  if (options.user !== undefined && !options.user.includes(':')) throw new UsageError('--user: the colon is missing. Write NAME:PASSWORD; the password may be empty.');
  const shown = mode === 'listen' && !options.stdin && ['json', 'save'].find((it) => options[it] !== undefined);
  if (shown) throw new UsageError(`--${shown} with --listen needs --stdin. Add --stdin, or remove --${shown}.`);
}

/** The URI is missing. A flag whose own value was forgotten may have taken it. */
function missing(options) {
  const values = Object.entries(options).map(([name, value]) => [name, [value].flat().at(-1)]);
  const [name, uri] = values.find(([, value]) => /^wss?:\/\//.test(value)) ?? [];
  if (name === undefined) return new UsageError('The URI is missing. Pass one, such as wss://example.org.');
  return new UsageError(`The URI is missing: "${uri}" is the value of --${name}. Pass the value of --${name} before the URI.`);
}

/** Node's message, and the flag that was probably meant. */
function hint(error) {
  const [, wrong] = /Unknown option '--?([^']+)'/.exec(error.message) ?? [];
  const [, ambiguous] = /argument is ambiguous[^]* use '(--[\w-]+)=/.exec(error.message) ?? [];
  const [, valueless] = /^Option '(?:-\w, )?--([\w-]+)[^']*' argument missing/.exec(error.message) ?? [];
  if (valueless) return `--${valueless}: the value is missing.`;
  if (ambiguous) return `${ambiguous}: the value is missing. If it begins with "-", write ${ambiguous}=VALUE.`;
  if (!wrong) return error.message.split('. To specify')[0];
  if (Object.hasOwn(MEANT, wrong)) return `Unknown option: ${wrong.length === 1 ? '-' : '--'}${wrong}. ${MEANT[wrong]}`;
  const near = wrong.length > 1 && ALL.map(({ name }) => name).find((name) => name.startsWith(wrong) || wrong.startsWith(name) || distance(name, wrong) <= 2);
  return `Unknown option: ${wrong.length === 1 ? '-' : '--'}${wrong}.${near ? ` Did you mean --${near}?` : ''}`;
}

/** What users of other clients try. */
const MEANT = {
  c: 'Pass the URI without a flag.', connect: 'Pass the URI without a flag.', auth: 'Did you mean --user?', 'no-check': 'Did you mean --insecure?',
  execute: 'Did you mean --send?', L: 'Redirects are followed, up to --max-redirects.', location: 'Redirects are followed, up to --max-redirects.', 'show-ping-pong': 'Did you mean --frames?', P: 'Did you mean --frames?', slash: 'Type /help for the commands: they need no flag.',
  text: 'Messages are text, unless --binary is given.', E: 'To close at the end of stdin, use --wait 0.', 'user-agent': "Use --header 'User-Agent: NAME'.",
};

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
  const { isPositive = false, isFraction = false, isSize = false, mayBeForever = false, most, unit } = NUMBERS[name];
  if (mayBeForever && text === 'forever') return Infinity;
  const [, digits, letter] = (isSize && /^(.*\d)([KMG])$/i.exec(text)) || [null, text, null];
  const value = Number(digits) * (letter === null ? 1 : UNITS[letter.toUpperCase()]);
  if (text.trim() === '' || !(value >= 0) || value === Infinity || !(isFraction || Number.isInteger(value))) {
    const kind = `a ${isFraction ? '' : 'whole '}number, ${isPositive ? 'above 0' : '0 or more'}`;
    throw new UsageError(`--${name}: "${text}" is not valid. Use ${kind}${isSize ? '; K, M or G behind it means KiB, MiB or GiB' : ''}.`);
  }
  if (value === 0 && isPositive) throw new UsageError(`--${name}: 0 is too small. Use a number above 0.`);
  if (value > most) throw new UsageError(`--${name}: ${value} is too large. Use a number of ${unit} up to ${most}.`);
  if (name === 'listen' && value > 65_535) throw new UsageError(`--listen: ${value} is not a port. Use a number from 0 to 65535; 0 means any free port.`);
  if (name === 'close-code') checkCloseCode(value);
  return value;
}

function checkCloseCode(code) {
  if (CLOSING_RANGES.some(([first, last]) => code >= first && code <= last)) return;
  const ranges = CLOSING_RANGES.map(([first, last]) => `${first} to ${last}`).join(', ');
  throw new UsageError(`--close-code: ${code} is not a code that may be sent. Use one of ${ranges}.`);
}

/** `localhost:8080/chat` and `8080/chat` are meant as ws://localhost:8080/chat. White space around a URI is removed, as URL parsers do. */
function withScheme(given) {
  const uri = given.trim();
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(uri)) return uri;
  return /^\d+(?![^/?#])/.test(uri) ? `ws://localhost:${uri}` : `ws://${uri}`;
}
