import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** nginx in front of the `ws` peer and, under /python/, Python's websockets: redirects, Basic, and one TLS server for each certificate. */
export const nginx = {
  ports: ['nginx', ...Object.keys(tlsServers()).map((name) => `nginx${name}`)],
  write(folder, ports, { ws, python }, authority) {
    writeFileSync(join(folder, 'users'), USERS.map(([name, password]) => `${name}:{SHA}${createHash('sha1').update(password).digest('base64')}\n`).join(''));
    const common = `
      merge_slashes off;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header X-Came-From $remote_addr;
      ${locations(ports, ws, python)}`;
    const secure = Object.entries(tlsServers()).map(([name, { cert, key, protocols = 'TLSv1.2 TLSv1.3', more = '' }]) => `
    server {
      listen 127.0.0.1:${ports[`nginx${name}`]} ssl;
      ssl_certificate ${authority.path(cert)};
      ssl_certificate_key ${authority.path(`${key}.key`)};
      ssl_protocols ${protocols};
      ${more.replace('{intermediates}', authority.path('withRoot.chain'))}
      ${common}
    }`);
    writeFileSync(join(folder, 'nginx.conf'), `
${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off;
  absolute_redirect off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${ports.nginx};
    ${common}
  }
  ${secure.join('')}
}
`);
    return ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'];
  },
};

/** The users for Basic. The second user's name and password are UTF-8 and full of characters that a URI must escape. */
export const USERS = [['user', 'secret'], ['jäger', 'pä:ss@wörd/?#[]%']];

function tlsServers() {
  return {
    Tls: { cert: 'good.chain', key: 'good' },
    Tls12: { cert: 'good.chain', key: 'good', protocols: 'TLSv1.2', more: 'ssl_session_tickets on; ssl_session_cache shared:tls12:1m;' },
    TlsExpired: { cert: 'expired.chain', key: 'expired' },
    TlsOther: { cert: 'other.chain', key: 'other' },
    TlsSelfSigned: { cert: 'selfSigned.chain', key: 'selfSigned' },
    TlsWithRoot: { cert: 'withRoot.chain', key: 'good' },
    TlsLeafOnly: { cert: 'leafOnly.chain', key: 'good' },
    TlsClient: { cert: 'good.chain', key: 'good', more: 'ssl_verify_client on; ssl_verify_depth 2; ssl_client_certificate {intermediates};' },
  };
}

/**
 * /to/STATUS/TARGET redirects to the target. Location contains the percent-decoded target, followed by the query (with the id). Each redirect in
 * /chain/xxx removes one x; when no x is left, the request goes to the peer.
 */
function locations(ports, ws, python) {
  const redirects = [301, 302, 303, 307, 308].map((status) => `
      location ~ ^/to/${status}/(?<target>.*)$ { return ${status} $target$is_args$args; }`);
  const others = [300, 304, 305].map((status) => `
      location ~ ^/to/${status}/(?<target>.*)$ { add_header Location $target$is_args$args always; return ${status}; }`);
  return `
      ${redirects.join('')}
      ${others.join('')}
      location = /relative/path { return 302 /echo$is_args$args; }
      location = /relative/sibling { return 302 landing$is_args$args; }
      location = /relative/up { return 302 ../echo$is_args$args; }
      location = /relative/host { return 302 //127.0.0.1:${ports.nginx}/echo$is_args$args; }
      location = /relative/landing { proxy_pass http://127.0.0.1:${ws}/echo$is_args$args; }
      location = /fragment { return 302 /echo$is_args$args#section; }
      location = /empty { return 302; }
      location = /loop/a { return 302 /loop/b$is_args$args; }
      location = /loop/b { return 307 /loop/a$is_args$args; }
      location = /loop/self { return 301 /loop/self$is_args$args; }
      location = /loop/fragment { return 301 /loop/fragment$is_args$args#again; }
      location ~ ^/chain/x(?<rest>x*)$ { return 302 /chain/$rest$is_args$args; }
      location = /chain/ { proxy_pass http://127.0.0.1:${ws}/echo$is_args$args; }
      location /basic/ {
        auth_basic "the realm of nginx";
        auth_basic_user_file users;
        proxy_pass http://127.0.0.1:${ws}/;
      }
      location /basic/to/ {
        auth_basic "the realm of nginx";
        auth_basic_user_file users;
        # nginx runs try_files after it has authenticated the user; it would run return before.
        try_files /no-such-file @onwards;
      }
      location @onwards { rewrite ^/basic/to/(.*)$ /$1; return 302 $uri$is_args$args; }
      ${python ? `location /python/ { proxy_pass http://127.0.0.1:${python}/; }` : ''}
      location / { proxy_pass http://127.0.0.1:${ws}; }`;
}
