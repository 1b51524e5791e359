// Proxies: which one is for a URI, and the tunnel through it: HTTP's CONNECT (RFC 9110 §9.3.6) or SOCKS5 (RFC 1928, 1929).

import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { invalid } from '../../bindings/error.js';
import { hostAndPort, hostOf, portOf } from './explain.js';

const PORTS = { 'http:': 80, 'https:': 443, 'socks5:': 1080, 'socks5h:': 1080 };
/** RFC 1928 §6 */
const REPLIES = ['', 'it has failed', 'its rules do not allow it', 'it does not reach the network', 'it does not reach the host',
  'the connection was refused', 'it gave up waiting', 'it does not know this command', 'it does not know this kind of address'];

/** The option proxy. */
export class Proxies {
  constructor(option) {
    this.fixed = option === 'env' ? null : new Proxy(option, 'The option proxy');
    this.known = new Map();
  }

  /** The proxy for a URL, or null. Throws if the environment names one that cannot be used. */
  for(url) {
    if (this.fixed !== null) return this.fixed;
    const [name, value] = fromEnvironment(url);
    if (!value) return null;
    // One object for one proxy: a user name and password that were accepted are remembered by it.
    if (!this.known.has(value)) this.known.set(value, new Proxy(value.includes('://') ? value : `http://${value}`, `The variable ${name}`));
    return this.known.get(value);
  }
}

/** As curl does: HTTP_PROXY in capitals could be a header of a request to a CGI program. */
function fromEnvironment(url) {
  const { env } = process;
  const [host, port] = [hostOf(url), portOf(url)];
  const excepted = (env.no_proxy || env.NO_PROXY || '').split(/[\s,]+/).filter(Boolean).some((entry) => {
    const [, name, itsPort] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(net.isIPv6(entry) ? `[${entry}]` : entry);
    const bare = hostOf({ hostname: name.toLowerCase() });
    const isWithin = net.isIP(host) === 0 && host.endsWith(`.${bare}`);
    return (itsPort === undefined || Number(itsPort) === port) && (entry === '*' || host === bare || isWithin);
  });
  if (excepted) return [];
  const names = url.protocol === 'wss:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy'];
  const name = [...names, 'all_proxy', 'ALL_PROXY'].find((it) => env[it]);
  return [name, env[name]];
}

/** One proxy. */
class Proxy {
  /** `what` names it in an error. */
  constructor(value, what) {
    try {
      this.url = new URL(value);
    } catch {
      throw invalid(`${what} is no URI.`); // (The cause would have it, password and all.)
    }
    const { protocol, hostname, port, username, password } = this.url;
    if (!(protocol in PORTS) || hostname === '') throw invalid(`${what} is none of http://, https:// and socks5:// with a host.`);
    this.isSocks = protocol.startsWith('socks');
    this.host = hostOf(this.url);
    this.port = Number(port || PORTS[protocol]);
    this.origin = `${protocol}//${hostname}:${this.port}`;
    /** For messages. */
    this.name = `the proxy ${hostname}:${this.port}`;
    try {
      [this.username, this.password] = [username, password].map(decodeURIComponent);
    } catch {
      throw invalid(`${what} has a user name or password that is not percent-encoded.`);
    }
    if (/[\0-\x1f\x7f]/.test(this.username + this.password)) throw invalid(`${what} has a control character in its user name or password.`);
    if (!this.isSocks && this.username.includes(':')) throw invalid(`${what} has a colon in its user name, which Basic cannot carry (RFC 7617 §2).`);
  }

  /** A socket to it; `ready` is the event that says that it can be talked to. */
  connect(socketOptions, { ca, rejectUnauthorized } = {}) {
    const options = { noDelay: true, ...socketOptions, host: this.host, port: this.port };
    if (this.url.protocol !== 'https:') return { socket: net.connect(options), ready: 'connect' };
    const servername = net.isIP(this.host) ? '' : this.host;
    const trust = rejectUnauthorized === undefined ? { ca } : { ca, rejectUnauthorized };
    return { socket: tls.connect({ servername, ...trust, ...options }), ready: 'secureConnect' };
  }

  /** Asks for the way to `url`'s host and port; `settle` is called with nothing, or with CONNECT's answer if that is a refusal. */
  tunnel(socket, url, authorization, settle) {
    const asked = this.isSocks ? this.socks(socket, hostOf(url), portOf(url)) : connect(socket, hostAndPort(url), authorization);
    asked.then(settle).catch((error) => socket.destroy(error));
  }

  async socks(socket, host, port) {
    const [username, password] = [this.username, this.password].map((text) => Buffer.from(text));
    const { read, rest } = reader(socket);
    socket.write(Buffer.from(username.length > 0 ? [5, 2, 0, 2] : [5, 1, 0]));
    const [version, method] = await read(2);
    if (version !== 5) throw new Error('It does not speak SOCKS5.');
    if (method === 2 && username.length > 0) {
      if (username.length > 255 || password.length > 255) throw new Error('SOCKS5 takes a user name and password of at most 255 bytes.');
      socket.write(Buffer.from([1, username.length, ...username, password.length, ...password]));
      if ((await read(2))[1] !== 0) throw new Error('It does not accept the user name and password.');
    } else if (method !== 0) {
      throw new Error('It wants a user name and password, or something that is not known here.');
    }
    socket.write(Buffer.from([5, 1, 0, ...address(host), port >> 8, port & 255]));
    const [again, reply, , type] = await read(4);
    if (again !== 5 || ![0, 1, 3, 4].includes(type)) throw new Error('It does not speak SOCKS5.');
    if (reply !== 0) throw new Error(`Of ${host}:${port} it says: ${REPLIES[reply] ?? `error ${reply}`}.`);
    await read((type === 1 ? 4 : type === 4 ? 16 : (await read(1))[0]) + 2);
    rest();
  }
}

/** A SOCKS5 address: its type, then it. A name is looked up by the proxy. */
function address(host) {
  if (net.isIPv4(host)) return [1, ...host.split('.').map(Number)];
  if (Buffer.byteLength(host) > 255) throw new Error('SOCKS5 takes a name of at most 255 bytes.');
  if (!net.isIPv6(host)) return [3, Buffer.byteLength(host), ...Buffer.from(host)];
  const [head, tail] = host.split('::').map((half) => half.split(':').filter(Boolean));
  const zeros = Array(8 - head.length - (tail?.length ?? 0)).fill('0');
  return [4, ...[...head, ...zeros, ...tail ?? []].flatMap((group) => [parseInt(group, 16) >> 8, parseInt(group, 16) & 255])];
}

/** Reads so many bytes; what came behind them, `rest` gives back to the socket. */
function reader(socket) {
  let held = Buffer.alloc(0);
  return {
    async read(count) {
      while (held.length < count) held = Buffer.concat([held, await nextChunk(socket)]);
      const bytes = held.subarray(0, count);
      held = held.subarray(count);
      return bytes;
    },
    rest() {
      if (held.length > 0) socket.unshift(held);
    },
  };
}

function nextChunk(socket) {
  return new Promise((resolve, reject) => {
    const settle = (data) => {
      socket.off('data', settle).off('end', ended).off('close', ended).pause();
      resolve(data);
    };
    const ended = () => reject(new Error('It ended the connection.'));
    if (socket.readableEnded || socket.destroyed) ended();
    else socket.on('data', settle).on('end', ended).on('close', ended).resume();
  });
}

/** A promise of nothing, or of the answer that is a refusal. */
async function connect(socket, target, authorization) {
  // Node writes a header's characters as bytes: UTF-8 has to be such already.
  const headers = { Host: target, ...authorization !== null && { 'Proxy-Authorization': Buffer.from(authorization).toString('latin1') } };
  const request = http.request({ method: 'CONNECT', path: target, headers, createConnection: () => socket });
  return new Promise((resolve, reject) => {
    // What came behind the answer's head is the server's, or the beginning of the refusal's body.
    request.on('connect', ({ statusCode, rawHeaders }, _, rest) => {
      if (statusCode < 200 || statusCode > 299) return resolve([statusCode, rawHeaders, rest.subarray(0, 4096)]);
      if (rest.length > 0) socket.unshift(rest);
      return resolve();
    });
    request.on('error', reject);
    request.end();
  });
}
