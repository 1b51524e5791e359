import { createHash } from 'node:crypto';

/** The server's half of RFC 7616, written for the tests. It computes, with node:crypto, what an Authorization header should contain. */

/** The parameters of `Digest name=value, …`. `quoted` lists the names of the parameters whose values were in quotes. */
export function readDigest(header) {
  if (!/^Digest /.test(header ?? '')) throw new Error(`not a Digest header: ${header}`);
  const parameters = { quoted: [] };
  for (const [, name, string, token] of header.slice(7).matchAll(/([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))(?:\s*,\s*|$)/g)) {
    if (name in parameters) throw new Error(`${name} occurs twice in ${header}`);
    parameters[name] = token ?? string.replace(/\\(.)/g, '$1');
    if (token === undefined) parameters.quoted.push(name);
  }
  return parameters;
}

/**
 * The `response` that belongs to these parameters (RFC 7616 §3.4.1; without qop, RFC 2069). `user` is given if the user name in the parameters is hashed.
 */
export function expectedResponse(parameters, { user = parameters.username, password, method = 'GET' }) {
  const { realm, nonce, cnonce, nc, qop, uri, algorithm = 'MD5' } = parameters;
  const hash = hasher(algorithm);
  const secret = hash(`${user}:${realm}:${password}`);
  const a1 = /-sess$/i.test(algorithm) ? hash(`${secret}:${nonce}:${cnonce}`) : secret;
  const a2 = hash(`${method}:${uri}`);
  return hash(qop ? `${a1}:${nonce}:${nc}:${cnonce}:${qop}:${a2}` : `${a1}:${nonce}:${a2}`);
}

/** The hash function for an algorithm's name. It hashes the text as UTF-8. */
export function hasher(algorithm) {
  const name = /^SHA-256/i.test(algorithm) ? 'sha256' : 'md5';
  return (text) => createHash(name).update(text).digest('hex');
}
