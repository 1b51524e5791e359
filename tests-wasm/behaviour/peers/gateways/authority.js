import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes a certificate authority with openssl, which no client trusts by default: a root, an intermediate, and the certificates that they sign, some of
 * them faulty. Returns { cert, key } as PEM text for each name, and `path(name)`, which gives a file's path. A server's file holds the chain it sends.
 */
export function makeAuthority(folder) {
  mkdirSync(join(folder, 'issued'), { recursive: true });
  const path = (name) => join(folder, name);
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  writeFileSync(path('index.txt'), '');
  writeFileSync(path('serial'), '4A0F3C21D5E68B97\n');
  writeFileSync(path('ca.cnf'), CONFIG);

  const request = (name, subject) => openssl(
    'req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', subject, '-config', 'ca.cnf',
  );
  const sign = (name, subject, extensions, issuer, [start, end] = []) => {
    request(name, subject);
    const dates = start ? ['-startdate', start, '-enddate', end] : ['-days', '2'];
    const by = issuer ? ['-cert', `${issuer}.crt`, '-keyfile', `${issuer}.key`] : ['-selfsign', '-keyfile', `${name}.key`];
    openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', ...by, '-in', `${name}.csr`, '-out', `${name}.crt`, '-extensions', extensions, ...dates);
  };
  sign('root', '/CN=websocket-channel test root/O=websocket-channel tests', 'authority', null);
  sign('intermediate', '/CN=websocket-channel test intermediate/O=websocket-channel tests', 'authority', 'root');
  sign('good', '/CN=localhost/O=websocket-channel tests', 'server', 'intermediate');
  sign('expired', '/CN=localhost', 'server', 'intermediate', ['200101000000Z', '210101000000Z']);
  sign('other', '/CN=other.example', 'other_server', 'intermediate');
  sign('nameOnly', '/CN=localhost', 'name_server', 'intermediate');
  sign('addressOnly', '/CN=an address', 'address_server', 'intermediate');
  sign('selfSigned', '/CN=localhost', 'server', null);
  sign('client', '/CN=a client', 'client', 'intermediate');
  sign('strayClient', '/CN=a client nobody knows', 'client', null);

  const pem = (name) => readFileSync(path(`${name}.crt`), 'utf8');
  const chain = (file, ...names) => writeFileSync(path(file), names.map(pem).join(''));
  for (const name of ['good', 'expired', 'other', 'client']) chain(`${name}.chain`, name, 'intermediate');
  chain('selfSigned.chain', 'selfSigned');
  chain('withRoot.chain', 'good', 'intermediate', 'root');
  chain('leafOnly.chain', 'good');
  writeFileSync(path('good.pem'), readFileSync(path('good.chain'), 'utf8') + readFileSync(path('good.key'), 'utf8'));
  const text = (file) => readFileSync(path(file), 'utf8');
  const names = ['root', 'intermediate', 'good', 'expired', 'other', 'nameOnly', 'addressOnly', 'selfSigned', 'client', 'strayClient'];
  return {
    ...Object.fromEntries(names.map((name) => [name, { cert: text(`${name}.crt`), key: text(`${name}.key`) }])),
    clientChain: text('client.chain'),
    // The same chain as PKCS #12, protected by a passphrase.
    clientPfx: openssl('pkcs12', '-export', '-in', 'client.chain', '-inkey', 'client.key', '-passout', 'pass:opened').toString('base64'),
    path,
  };
}

const CONFIG = `
[ca]
default_ca = test
[test]
database = index.txt
serial = serial
new_certs_dir = issued
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
organizationName = optional
[req]
distinguished_name = empty
[empty]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
subjectAltName = DNS:localhost,IP:127.0.0.1
extendedKeyUsage = serverAuth
[name_server]
basicConstraints = CA:FALSE
subjectAltName = DNS:localhost
extendedKeyUsage = serverAuth
[address_server]
basicConstraints = CA:FALSE
subjectAltName = IP:127.0.0.1
extendedKeyUsage = serverAuth
[other_server]
basicConstraints = CA:FALSE
subjectAltName = DNS:other.example,DNS:*.other.example
extendedKeyUsage = serverAuth
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
`;
