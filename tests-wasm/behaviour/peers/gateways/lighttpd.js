import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** lighttpd in front of the `ws` peer: Digest with SHA-256, with both algorithms at once, and with hashed user names. */
export const lighttpd = {
  ports: ['lighttpd'],
  write(folder, ports, { ws }) {
    const line = (realm, hash) => `user:${realm}:${digest(hash, `user:${realm}:secret`)}:${digest(hash, `user:${realm}`)}\n`;
    writeFileSync(join(folder, 'users'), line('SHA-256 only', 'sha256') + line('both', 'sha256') + line('both', 'md5') + line('hashed', 'sha256'));
    const require = (path, realm, algorithm, more = '') => `"${path}" => (
    "method" => "digest", "realm" => "${realm}", "algorithm" => "${algorithm}", ${more} "require" => "valid-user"
  )`;
    writeFileSync(join(folder, 'lighttpd.conf'), `
server.modules = ("mod_auth", "mod_authn_file", "mod_proxy")
server.bind = "127.0.0.1"
server.port = ${ports.lighttpd}
server.document-root = "${folder}"
server.errorlog = "${join(folder, 'log')}"
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "${join(folder, 'users')}"
auth.require = (
  ${require('/sha256/', 'SHA-256 only', 'SHA-256')},
  ${require('/both/', 'both', 'MD5|SHA-256')},
  ${require('/hashed/', 'hashed', 'SHA-256', '"userhash" => "enable",')}
)
proxy.server = ("" => (("host" => "127.0.0.1", "port" => ${ws})))
proxy.header = ("upgrade" => "enable", "map-urlpath" => ("/sha256/" => "/", "/both/" => "/", "/hashed/" => "/"))
`);
    return ['-D', '-f', join(folder, 'lighttpd.conf')];
  },
};

function digest(hash, text) {
  return createHash(hash).update(text).digest('hex');
}
