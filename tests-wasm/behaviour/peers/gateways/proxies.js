import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apacheArguments } from './apache.js';

/**
 * Third-party proxies. Apache serves CONNECT: open, for users with Basic and with Digest, and the first two also over TLS. It connects
 * from 127.0.0.2 (ProxySourceAddress).
 */
export const apacheProxy = {
  ports: ['proxy', 'proxyBasic', 'proxyDigest', 'proxyTls', 'proxyTlsBasic'],
  write(folder, ports, behind, authority) {
    const hash = (algorithm, text, encoding) => createHash(algorithm).update(text).digest(encoding);
    writeFileSync(join(folder, 'basic'), USERS.map(([user, password]) => `${user}:{SHA}${hash('sha1', password, 'base64')}\n`).join(''), { mode: 0o644 });
    writeFileSync(join(folder, 'digest'), USERS.map(([user, password]) => `${user}:${DIGEST}:${hash('md5', `${user}:${DIGEST}:${password}`, 'hex')}\n`).join(''), { mode: 0o644 });
    const tls = `
  SSLEngine on
  SSLCertificateFile ${authority.path('good.chain')}
  SSLCertificateKeyFile ${authority.path('good.key')}`;
    const users = (type, realm) => `
    AuthType ${type}
    AuthName "${realm}"
    Auth${type}Provider file
    AuthUserFile ${type.toLowerCase()}
    Require valid-user`;
    const host = (name, who, more = '') => `
Listen 127.0.0.1:${ports[name]}
<VirtualHost 127.0.0.1:${ports[name]}>
  ProxyRequests On
  ProxyVia Off
  # All ports that the tests listen on. 80 and 443 are refused with 403.
  AllowCONNECT 1024-65535
  ${more}
  <Proxy *>
    ${who}
  </Proxy>
</VirtualHost>`;
    // An open tunnel occupies a thread.
    return apacheArguments(folder, MODULES, 32, `
ProxySourceAddress 127.0.0.2
${host('proxy', 'Require all granted')}
${host('proxyBasic', users('Basic', BASIC))}
${host('proxyDigest', users('Digest', DIGEST))}
${host('proxyTls', 'Require all granted', tls)}
${host('proxyTlsBasic', users('Basic', BASIC), tls)}
`);
  },
};

/** A SOCKS proxy for everyone. It connects from 127.0.0.3. */
export const socks = {
  ports: ['socks'],
  write: (folder, ports) => ['-i', '127.0.0.1', '-p', String(ports.socks), '-b', '127.0.0.3'],
};

/** A SOCKS proxy for one user. The system chooses its source address: with -b, it could not reach names that have an IPv6 address. */
export const socksUser = {
  ports: ['socksUser'],
  write: (folder, ports) => ['-i', '127.0.0.1', '-p', String(ports.socksUser), '-u', 'user', '-P', 'secret'],
};

const BASIC = 'the Basic realm of the proxy';
const DIGEST = 'the Digest realm of the proxy';
const USERS = [['user', 'secret'], ['jäger', 'pä:ss@wörd/?#[]%']];

const MODULES = ['mpm_event', 'authn_core', 'authn_file', 'authz_core', 'authz_user', 'auth_basic', 'auth_digest', 'proxy', 'proxy_connect', 'ssl', 'socache_shmcb'];
