// The flags as a channel's options.

import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { contentOf } from './file.js';
import { UsageError } from './usage_error.js';

/** What --socket can set: the options of net.connect that are texts, and those that are numbers or booleans. The host and port are the URI's. */
const SOCKET_TEXTS = ['path', 'localAddress'];
const SOCKET_VALUES = ['family', 'hints', 'localPort', 'noDelay', 'keepAlive', 'keepAliveInitialDelay', 'autoSelectFamily', 'autoSelectFamilyAttemptTimeout'];

/** The options of a channel, and of the TLS server with --listen. */
export function channelOptions(options) {
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

/** The content of a flag's file. */
export function file(name, path) {
  try {
    return contentOf(path);
  } catch (error) {
    throw new UsageError(`--${name}: ${error.message}`);
  }
}
