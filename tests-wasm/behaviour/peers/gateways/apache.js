import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Apache in front of the `ws` peer: Digest with MD5, plain and over TLS, and TLS servers that fail the handshake without a client certificate. */
export const apache = {
  ports: ['apache', 'apacheTls', 'apacheTlsClient', 'apacheTlsClient12'],
  write(folder, ports, { ws }, authority) {
    writeFileSync(join(folder, 'digest'), USERS.map(([user, password]) => `${user}:${REALM}:${md5(`${user}:${REALM}:${password}`)}\n`).join(''), { mode: 0o644 });
    writeFileSync(join(folder, 'basic'), `user:{SHA}${createHash('sha1').update('secret').digest('base64')}\n`, { mode: 0o644 });
    const tls = (more = '') => `
  SSLEngine on
  SSLCertificateFile ${authority.path('good.chain')}
  SSLCertificateKeyFile ${authority.path('good.key')}
  ${more}`;
    const client = `SSLVerifyClient require
  SSLVerifyDepth 2
  SSLCACertificateFile ${authority.path('withRoot.chain')}`;
    const host = (name, more = '') => `
Listen 127.0.0.1:${ports[name]}
<VirtualHost 127.0.0.1:${ports[name]}>
  ${more}
  ${locations(ws)}
</VirtualHost>`;
    return apacheArguments(folder, MODULES, 16, `
${host('apache')}
${host('apacheTls', tls())}
${host('apacheTlsClient', tls(`SSLProtocol -all +TLSv1.3\n  ${client}`))}
${host('apacheTlsClient12', tls(`SSLProtocol -all +TLSv1.2\n  ${client}`))}
`);
  },
};

/** Writes the configuration of an Apache with these modules, `threads` threads in one process, and `more`. Returns the program's arguments. */
export function apacheArguments(folder, names, threads, more) {
  const modules = process.env.WSC_APACHE_MODULES ?? '/usr/lib/apache2/modules';
  const file = join(folder, 'apache.conf');
  writeFileSync(file, `
ServerRoot ${folder}
ServerName localhost
DefaultRuntimeDir ${folder}
PidFile ${folder}/pid
ErrorLog log
LogLevel crit
${names.map((name) => `LoadModule ${name}_module ${modules}/mod_${name}.so`).join('\n')}
${process.getuid?.() === 0 ? 'User www-data\nGroup www-data' : ''}
Mutex pthread
StartServers 1
ServerLimit 1
ThreadLimit ${threads}
ThreadsPerChild ${threads}
MaxRequestWorkers ${threads}
MinSpareThreads 1
MaxSpareThreads ${threads}
<Directory />
  AllowOverride None
</Directory>
${more}`);
  return ['-f', file, '-DFOREGROUND'];
}

const REALM = 'the realm of Apache';
const USERS = [['user', 'secret'], ['jäger', 'pä:ss@wörd/?#[]%'], ['a "quoted" \\ user', 'secret']];

const MODULES = [
  'mpm_event', 'authn_core', 'authn_file', 'authz_core', 'authz_user', 'auth_basic', 'auth_digest', 'proxy', 'proxy_http', 'ssl', 'socache_shmcb',
];

function locations(ws) {
  const digest = (path, more = '') => `
  <Location ${path}>
    AuthType Digest
    AuthName "${REALM}"
    AuthDigestProvider file
    AuthUserFile digest
    AuthDigestQop auth
    ${more}
    Require valid-user
  </Location>`;
  return `
  ${digest('/digest/')}
  ${digest('/short/', 'AuthDigestNonceLifetime 1')}
  <Location /basic/>
    AuthType Basic
    AuthName "the Basic realm of Apache"
    AuthBasicProvider file
    AuthUserFile basic
    Require valid-user
  </Location>
  ProxyPass /digest/ http://127.0.0.1:${ws}/ upgrade=websocket
  ProxyPass /short/ http://127.0.0.1:${ws}/ upgrade=websocket
  ProxyPass /basic/ http://127.0.0.1:${ws}/ upgrade=websocket
  ProxyPass / http://127.0.0.1:${ws}/ upgrade=websocket`;
}

function md5(text) {
  return createHash('md5').update(text).digest('hex');
}
