import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { program } from '../harness/own_process.js';
import { startProxy, startSocks, withProxies } from '../harness/proxy.js';
import { filled } from '../harness/sources.js';

/** The option `proxy` when all goes well: Apache and microsocks in front of ws, nginx and Python's websockets. Hand-written proxies record what they are asked. */
export const proxies = [
  ...PROXIES().flatMap(([what, needs, user, from]) => ['ws', 'wss', 'nginxTls', 'python'].map((peer) => ({
    name: `through ${what} to ${peer}: the server sees the proxy, not the client`,
    needs: [needs, peer],
    async run(t) {
      const talk = await t.opened(t.peer(peer, '/echo'), through(t, needs, user));
      talk.send('hin und zurück');
      t.same(await talk.untilMessages(1), ['hin und zurück']);
      const { remoteAddress, request: { headers } } = await t.observed(talk);
      // nginx reports the address that it sees, because the ws peer behind it sees nginx.
      t.is(peer === 'nginxTls' ? headers['x-came-from'] : remoteAddress, from);
      t.ok(!('proxy-authorization' in headers) && !('proxy-connection' in headers), `headers at the server: ${Object.keys(headers)}`);
      talk.close(3001, 'and away');
      t.same((await t.observed(talk, 'close')).close, { code: 3001, reason: 'and away' });
      await t.stops(talk, { node: 'NS_OK' });
    },
  }))),
  ...PROXIES().flatMap(([what, needs, user]) => ['ws', 'nginxTls'].map((peer) => ({
    name: `through ${what} to ${peer}: large messages and many small ones, both ways`,
    needs: [needs, peer],
    async run(t) {
      const talk = await t.opened(t.peer(peer, '/echo'), through(t, needs, user, { deflate: false }));
      const large = [filled(8 << 20, 3), filled((1 << 20) + 1, 5), filled(65_536, 7)];
      for (const bytes of large) talk.send(bytes);
      const small = Array.from({ length: 3000 }, (_, at) => (at % 3 ? `message ${at}` : filled(at % 200, at)));
      for (const message of small) talk.send(message);
      await talk.untilMessages(large.length + small.length);
      talk.messages.splice(0, large.length).forEach((bytes, at) => t.is(Buffer.compare(bytes, large[at]), 0, `large message ${at}`));
      t.same(talk.messages, small);
    },
  }))),
  ...[['Apache', 'proxy', ''], ['microsocks', 'socks', '']].flatMap(([what, needs, user]) => [
    {
      name: `through ${what}: compression`,
      needs: [needs, 'nginx'],
      async run(t) {
        for (const peer of ['ws', 'nginxTls']) {
          const talk = await t.opened(t.peer(peer, '/echo', { deflate: 1 }), through(t, needs, user));
          t.ok(talk.channel.extensions.startsWith('permessage-deflate'), talk.channel.extensions);
          const texts = Array.from({ length: 50 }, (_, at) => `once more with compression, ${at}; `.repeat(1000));
          for (const text of texts) talk.send(text);
          t.same(await talk.untilMessages(texts.length), texts);
          t.is((await t.observed(talk)).frames[0].rsv, 4, 'RSV1');
        }
      },
    },
    {
      name: `through ${what}: a server that closes, and one that cuts the connection`,
      needs: [needs, 'nginx'],
      async run(t) {
        for (const peer of ['ws', 'nginxTls']) {
          const talk = await t.opened(t.peer(peer, '/close', { code: 4001, reason: 'go away', at: 'message' }), through(t, needs, user));
          talk.send('now');
          const { code, reason, closedBy, wasClean } = await t.stops(talk, { node: 'NS_OK' });
          t.same([code, reason, closedBy, wasClean], [4001, 'go away', 'remote', true]);
          const cut = await t.opened(t.peer(peer, '/terminate'), through(t, needs, user));
          cut.send('now');
          const { status } = await cut.end();
          t.oneOf(t.api.statusName(status), ['NS_ERROR_NET_RESET', 'NS_BASE_STREAM_CLOSED'], 'as without a proxy, never a proxy\'s status');
        }
      },
    },
    {
      name: `through ${what}: suspended while connecting, and when open`,
      needs: [needs, 'nginx'],
      async run(t) {
        for (const peer of ['ws', 'nginxTls']) {
          const talk = t.open(t.peer(peer, '/echo'), through(t, needs, user));
          talk.channel.suspend();
          await talk.until('onStart');
          for (const text of ['1', '2', '3']) talk.send(text);
          await t.observed(talk, 'messages:3');
          await t.roundTrip();
          t.is(talk.messages.length, 0, 'messages while suspended');
          talk.channel.resume();
          t.same(await talk.untilMessages(3), ['1', '2', '3']);
          talk.channel.suspend();
          for (const text of ['4', '5']) talk.send(text);
          await t.observed(talk, 'messages:5');
          await t.roundTrip();
          t.is(talk.messages.length, 3, 'messages while suspended again');
          talk.channel.resume();
          t.same(await talk.untilMessages(5), ['1', '2', '3', '4', '5']);
        }
      },
    },
    {
      name: `through ${what}: nginx's redirects go through the proxy, too`,
      needs: [needs, 'nginx'],
      async run(t) {
        for (const [target, peer] of [[`ws://127.0.0.1:${t.addresses.ws}/echo`, 'nginx'], [`wss://127.0.0.1:${t.addresses.nginxTls}/echo`, 'nginx'], [`wss://127.0.0.1:${t.addresses.nginxTls12}/echo`, 'nginxTls']]) {
          const talk = await t.opened(t.peer(peer, `/to/307/${target}`), through(t, needs, user));
          t.ok(talk.channel.URI.startsWith(target), talk.channel.URI);
          const { remoteAddress, request: { headers } } = await t.observed(talk);
          t.oneOf(headers['x-came-from'] ?? remoteAddress, ['127.0.0.2', '127.0.0.3']);
        }
      },
    },
    {
      name: `through ${what}: a ping is answered`,
      needs: [needs, 'nginx'],
      async run(t) {
        for (const peer of ['ws', 'nginxTls']) {
          const talk = await t.opened(t.peer(peer, '/echo'), through(t, needs, user));
          t.ok(await talk.channel.sendPing('there?') >= 0, 'milliseconds');
        }
      },
    },
  ]),
  {
    name: 'securityInfo describes the server, even through a proxy over TLS, and is null for ws',
    needs: ['proxy', 'socks'],
    async run(t) {
      for (const proxy of ['proxy', 'proxyTls', 'socks']) {
        const talk = await t.opened(t.peer('wss', '/echo'), through(t, proxy, ''));
        const { securityInfo } = talk.channel;
        t.same([securityInfo.certificate.fingerprint256, securityInfo.chain.length, securityInfo.trusted], [new X509Certificate(t.addresses.cert).fingerprint256, 1, true]);
        t.is((await t.opened(t.peer('ws', '/echo'), through(t, proxy, ''))).channel.securityInfo, null, `ws through ${proxy}`);
      }
    },
  },
  {
    name: 'tls.secureContext decides which authorities are trusted, with and without a proxy',
    run: (t) => withProxies([startProxy({ to: () => t.addresses.wss })], async (proxy) => {
      const [right, other] = [createSecureContext({ ca: t.addresses.cert }), createSecureContext({ ca: t.addresses.authority.root.cert })];
      for (const more of [{}, { proxy: proxy.url() }]) {
        await t.opened(t.peer('wss', '/echo'), { options: { tls: { secureContext: right }, ...more } });
        await t.stops(t.open(t.peer('wss', '/echo'), { options: { tls: { ca: t.addresses.cert, secureContext: other }, ...more } }), { node: 'NS_ERROR_NET_INADEQUATE_SECURITY' });
      }
    }),
  },
  {
    name: 'an untrusted server is not trusted through a proxy either, and its certificate can be inspected',
    needs: ['nginx', 'proxy', 'socks'],
    async run(t) {
      for (const proxy of ['proxy', 'proxyTls', 'socks']) {
        const talk = t.open(t.peer('nginxTlsExpired', '/echo'), through(t, proxy, ''));
        const { cause, message, http } = await t.stops(talk, { node: 'NS_ERROR_NET_INADEQUATE_SECURITY' });
        t.same([cause?.code, http], ['CERT_HAS_EXPIRED', null]);
        t.ok(message.includes(`127.0.0.1:${t.addresses.nginxTlsExpired}`), `the message names the server: ${message}`);
        t.is(talk.channel.securityInfo.certificate.fingerprint256, new X509Certificate(t.addresses.authority.expired.cert).fingerprint256);
      }
    },
  },
  {
    name: 'tls.servername and the client certificate are for the server, not for the proxy',
    needs: 'nginx',
    async run(t) {
      const { authority } = t.addresses;
      const seen = [];
      const tls = {
        cert: authority.good.cert + authority.intermediate.cert, key: authority.good.key, requestCert: true, rejectUnauthorized: false, ALPNProtocols: ['http/1.1', 'h2'],
        SNICallback: (name, done) => { seen.push(name); done(null); },
      };
      await withProxies([startProxy({ tls, answer: ({ socket }) => { seen.push(Object.keys(socket.getPeerCertificate() ?? {})); return null; } })], async (proxy) => {
        const mine = { ca: authority.root.cert, cert: authority.clientChain, key: authority.client.key, servername: 'localhost' };
        const talk = await t.opened(t.peer('nginxTlsClient', '/echo'), { options: { proxy: proxy.url(), tls: mine } });
        t.same([talk.channel.securityInfo.serverName, talk.channel.securityInfo.trusted], ['localhost', true]);
        t.same(seen, [[]], 'the name and certificate that the proxy received');
      });
    },
  },
  {
    name: 'names are sent to a proxy unresolved, over SOCKS with type 3; addresses with types 1 and 4',
    async run(t) {
      await withProxies([startProxy({ to: () => t.addresses.ws }), startSocks({ to: () => t.addresses.ws }), startProxy({ to: () => t.addresses.wss }), startSocks({ to: () => t.addresses.wss })], async (http, socks, httpTls, socksTls) => {
        const open = async (url, proxy) => {
          const id = t.peer('ws', '/echo').split('?')[1];
          const tls = { rejectUnauthorized: false };
          // The server's name must not be looked up here.
          const socket = { lookup: (host, given, done) => done(Object.assign(new Error(`${host} was looked up`), { code: 'ENOTFOUND' })) };
          const talk = await t.opened(`${url}/echo?${id}`, { options: { proxy: proxy.url(), tls, socket } });
          talk.close();
          await talk.end();
        };
        const ipv6 = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa];
        for (const [url, target, type, host, port] of [
          ['ws://server.example', 'server.example:80', 3, 'server.example', 80], ['wss://server.example', 'server.example:443', 3, 'server.example', 443], ['ws://server.example:8080', 'server.example:8080', 3, 'server.example', 8080],
          ['ws://bücher.example:65535', 'xn--bcher-kva.example:65535', 3, 'xn--bcher-kva.example', 65535], ['ws://10.1.2.3:256', '10.1.2.3:256', 1, [10, 1, 2, 3], 256],
          ['wss://[2001:db8::a]:255', '[2001:db8::a]:255', 4, ipv6, 255], ['ws://[::1]', '[::1]:80', 4, [...Array(15).fill(0), 1], 80], ['ws://[::]:81', '[::]:81', 4, Array(16).fill(0), 81],
          ['ws://[1:2:3:4:5:6:7:8]', '[1:2:3:4:5:6:7:8]:80', 4, [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8], 80], ['ws://[fe80::]', '[fe80::]:80', 4, [0xfe, 0x80, ...Array(14).fill(0)], 80],
        ]) {
          const isSecure = url.startsWith('wss');
          const [byHttp, bySocks] = isSecure ? [httpTls, socksTls] : [http, socks];
          await open(url, byHttp);
          const { method, target: asked, version, headers } = byHttp.requests.at(-1);
          t.same([method, asked, version, headers.host], ['CONNECT', target, 'HTTP/1.1', target]);
          await open(url, bySocks);
          const request = bySocks.requests.at(-1);
          t.same([request.version, request.methods, request.command, request.type, request.host, request.port], [5, [0], 1, type, host, port], url);
        }
      });
    },
  },
  {
    name: 'microsocks looks up a name',
    needs: 'socksUser',
    run: (t) => t.opened(t.peer('python', '/echo').replace('127.0.0.1', 'localhost'), through(t, 'socksUser', 'user:secret@')),
  },
  {
    name: 'the option socket applies to the connection to the proxy: local address, lookup of the proxy\'s name, IPv6',
    needs: 'ipv6',
    run: (t) => withProxies([startProxy(), startProxy({ host: '::1' })], async (named, ipv6) => {
      const looked = [];
      const lookup = (host, given, done) => {
        looked.push(host);
        return given.all ? done(null, [{ address: '127.0.0.1', family: 4 }]) : done(null, '127.0.0.1', 4);
      };
      const options = { proxy: named.url().replace('127.0.0.1', 'proxy.example'), socket: { lookup, localAddress: '127.0.0.9' } };
      const talk = await t.opened(t.peer('ws', '/echo').replace('127.0.0.1', 'server.example'), { options });
      t.same([looked, named.requests[0].remoteAddress, named.requests[0].target], [['proxy.example'], '127.0.0.9', `server.example:${t.addresses.ws}`]);
      t.is((await t.observed(talk)).remoteAddress, '127.0.0.4');
      await t.opened(t.peer('ws', '/echo'), { options: { proxy: ipv6.url() } });
      t.is(ipv6.requests.length, 1);
    }),
  },
  {
    name: 'a program that used a proxy ends by itself',
    needs: ['nginx', 'proxy', 'socks'],
    async run(t) {
      for (const proxy of ['proxy', 'proxyTls', 'socks']) {
        const { code, stdout, stderr } = await program(`
          const [url, proxy] = JSON.parse(process.argv[1]);
          const channel = new WebSocketChannel({ proxy, tls: { rejectUnauthorized: false } });
          channel.asyncOpen(url, null, {
            onStart() { channel.sendMsg('hello'); },
            onMessageAvailable(context, text) { console.log(text); channel.close(); },
            onStop(context, status) { console.log(statusName(status)); },
          }, null);
        `, JSON.stringify([t.peer('nginxTls', '/echo'), through(t, proxy, '').options.proxy]));
        t.same([code, stderr, stdout.trim().split('\n')], [0, '', ['hello', 'NS_OK']], proxy);
      }
    },
  },
].map((one) => ({ ...one, hosts: ['node'] }));

/** Each real proxy: its title, its name in `t.addresses`, its user, and the address that the server sees. */
function PROXIES() {
  return [
    ['Apache', 'proxy', '', '127.0.0.2'], ['Apache with Basic', 'proxyBasic', 'user:secret@', '127.0.0.2'], ['Apache with Digest', 'proxyDigest', 'user:secret@', '127.0.0.2'],
    ['Apache over TLS', 'proxyTls', '', '127.0.0.2'], ['Apache over TLS with Basic', 'proxyTlsBasic', 'user:secret@', '127.0.0.2'],
    // The one with a password has no outgoing address of its own. The client has its own address here.
    ['microsocks', 'socks', '', '127.0.0.3'], ['microsocks with a password', 'socksUser', 'user:secret@', '127.0.0.1'],
  ];
}

/** Returns a channel's options: this proxy, a local address that no proxy uses, and the certificates of all peers. */
function through(t, name, user, more = {}) {
  const scheme = name.startsWith('socks') ? 'socks5' : name.includes('Tls') ? 'https' : 'http';
  const proxy = `${scheme}://${user}127.0.0.1:${t.addresses[name]}`;
  return { options: { proxy, tls: { ca: [t.addresses.authority.root.cert, t.addresses.cert] }, socket: { localAddress: '127.0.0.9' }, ...more } };
}
