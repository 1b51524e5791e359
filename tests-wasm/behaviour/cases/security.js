import { execFileSync } from 'node:child_process';
import { createServer as createHttpsServer } from 'node:https';
import { connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { connect, createServer } from 'node:tls';
import { startAcceptor } from '../harness/acceptor.js';
import { certificate } from '../harness/certificate.js';

/** securityInfo, and what it reports about good, bad and client certificates. openssl makes the certificates and supplies the expected values. */
export const securityInfos = [
  {
    name: 'securityInfo is null until TLS is up, and remains after the channel has stopped',
    needs: 'nginx',
    async run(t) {
      const channel = new t.api.WebSocketChannel();
      t.is(channel.securityInfo, null, 'before asyncOpen');
      const talk = t.open(t.peer('nginxTls', '/echo'), trusting(t));
      t.is(talk.channel.securityInfo, null, 'right after asyncOpen');
      await talk.until('onStart');
      const open = talk.channel.securityInfo;
      t.is(open.protocol, 'TLSv1.3');
      talk.close();
      await t.stops(talk, { node: 'NS_OK' });
      t.same(talk.channel.securityInfo, open, 'after onStop');
    },
  },
  {
    name: 'a TLS record damaged in transit ends both channels, although TCP stays open (RFC 8446 §6.2)',
    async run(t) {
      const { cert, key } = certificate();
      const { port, talk } = await startAcceptor(t, () => ({}), createHttpsServer({ cert, key }));
      const damaging = { is: false };
      const between = createTcpServer((near) => {
        const far = connectTcp(port, '127.0.0.1').on('data', (data) => near.write(data));
        near.on('data', (data) => far.write(damaging.is ? Buffer.concat([data.subarray(0, -1), Buffer.from([data.at(-1) ^ 1])]) : data));
        for (const socket of [near, far]) socket.on('error', () => {});
        t.onEnd(() => [near, far].forEach((socket) => socket.destroy()));
      });
      await new Promise((resolve) => between.listen(0, '127.0.0.1', resolve));
      t.onEnd(() => between.close());
      const client = await t.opened(`wss://127.0.0.1:${between.address().port}/`, { options: { tls: { ca: cert } } });
      damaging.is = true;
      client.send('hello');
      for (const one of [client, await talk()]) await t.stops(one, { node: 'NS_ERROR_NET_INADEQUATE_SECURITY' });
    },
  },
  {
    name: 'securityInfo is null for ws, open or stopped, and for wss if TLS never came up',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      t.is(talk.channel.securityInfo, null, 'open');
      talk.close();
      await talk.end();
      t.is(talk.channel.securityInfo, null, 'stopped');
      const never = t.open(t.peer('ws', '/echo').replace('ws:', 'wss:'));
      await t.stops(never, { node: SECURITY });
      t.is(never.channel.securityInfo, null, 'if the peer does not speak TLS');
    },
  },
  ...[['nginxTls', 'TLSv1.3'], ['nginxTls12', 'TLSv1.2'], ['apacheTls', 'TLSv1.3']].map(([peer, protocol]) => ({
    name: `the connection to ${peer}: protocol, cipher, ALPN and the server name`,
    needs: peer,
    async run(t) {
      const plain = await connected(t, peer);
      const { name, standardName } = plain.getCipher();
      plain.destroy();
      const byAddress = await t.opened(t.peer(peer, '/echo'), trusting(t));
      const byName = await t.opened(t.peer(peer, '/echo').replace('127.0.0.1', 'localhost'), trusting(t, {}, { family: 4 }));
      for (const { channel: { securityInfo } } of [byAddress, byName]) {
        t.same([securityInfo.protocol, securityInfo.alpn, securityInfo.sessionReused, securityInfo.trusted, securityInfo.untrustedReason], [protocol, 'http/1.1', false, true, null]);
        t.oneOf(securityInfo.cipher, [name, standardName]);
      }
      t.same([byAddress.channel.securityInfo.serverName, byName.channel.securityInfo.serverName], [null, 'localhost']);
    },
  })),
  {
    name: 'alpn is null if the server selects no protocol',
    needs: 'nginx',
    run: (t) => withTlsServer(t, {}, async (port) => {
      const talk = t.open(`wss://127.0.0.1:${port}/?id=none`, trusting(t));
      await t.stops(talk, { node: REFUSED });
      t.same([talk.channel.securityInfo.alpn, talk.channel.securityInfo.trusted], [null, true]);
    }),
  },
  {
    name: 'the certificate\'s fields match those that openssl reports',
    needs: 'nginx',
    async run(t) {
      const talk = await t.opened(t.peer('nginxTls', '/echo'), trusting(t));
      const { certificate, chain } = talk.channel.securityInfo;
      const { good, intermediate } = t.addresses.authority;
      expectCertificate(t, certificate, good.cert);
      t.same(certificate, chain[0]);
      t.same(parts(certificate.subject), ['CN=localhost', 'O=websocket-channel tests']);
      t.same(parts(certificate.issuer), ['CN=websocket-channel test intermediate', 'O=websocket-channel tests']);
      t.same(certificate.names, ['DNS:localhost', 'IP Address:127.0.0.1']);
      expectCertificate(t, chain[1], intermediate.cert);
      t.same(chain[1].names, [], 'the names of a certificate without any');
    },
  },
  ...['nginxTls', 'nginxTlsWithRoot', 'nginxTlsLeafOnly', 'nginxTls12'].map((peer) => ({
    name: `the chain of ${peer}: leaf first, each certificate the issuer of the one before, no duplicates`,
    needs: 'nginx',
    async run(t) {
      const { good, intermediate, root } = t.addresses.authority;
      const ca = [root.cert, ...(peer.endsWith('LeafOnly') ? [intermediate.cert] : [])];
      const talk = await t.opened(t.peer(peer, '/echo'), trusting(t, { ca }));
      const { chain } = talk.channel.securityInfo;
      // The root is present if the server sends it, and may be present if the client knows it.
      t.same(chain.slice(0, 2).map((one) => one.fingerprint256), [good, intermediate].map(({ cert }) => fingerprint(cert)));
      t.same(chain.slice(2).map((one) => one.fingerprint256), chain.length > 2 || peer === 'nginxTlsWithRoot' ? [fingerprint(root.cert)] : []);
    },
  })),
  ...[
    ['nginxTlsExpired', 'CERT_HAS_EXPIRED', 'expired', 'root'], ['nginxTlsOther', 'ERR_TLS_CERT_ALTNAME_INVALID', 'other', 'root'], ['nginxTlsSelfSigned', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'selfSigned', 'root'],
    ['nginxTls', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'good', null], ['nginxTlsLeafOnly', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'good', null], ['nginxTlsWithRoot', 'SELF_SIGNED_CERT_IN_CHAIN', 'good', null],
  ].flatMap(([peer, reason, certificate, known]) => [
    {
      name: `${peer} is not trusted: ${reason}`,
      needs: 'nginx',
      async run(t) {
        const talk = t.open(t.peer(peer, '/echo'), trusting(t, { ca: known ? t.addresses.authority[known].cert : undefined }));
        const { cause, message, http } = await t.stops(talk, { node: SECURITY });
        t.same([cause?.code, http], [reason, null]);
        t.ok(message.length > 20, message);
        const { securityInfo } = talk.channel;
        t.same([securityInfo.trusted, securityInfo.untrustedReason, securityInfo.protocol], [false, reason, 'TLSv1.3']);
        expectCertificate(t, securityInfo.certificate, t.addresses.authority[certificate].cert);
      },
    },
    {
      name: `${peer} is not trusted, but rejectUnauthorized is false: the channel opens, and untrustedReason is ${reason}`,
      needs: 'nginx',
      async run(t) {
        const talk = await t.opened(t.peer(peer, '/echo'), trusting(t, { ca: known ? t.addresses.authority[known].cert : undefined, rejectUnauthorized: false }));
        const { trusted, untrustedReason, certificate: leaf } = talk.channel.securityInfo;
        t.same([trusted, untrustedReason], [false, reason]);
        t.is(leaf.fingerprint256, fingerprint(t.addresses.authority[certificate].cert));
      },
    },
  ]),
  {
    name: 'reading securityInfo in onProgress, when the handshake has ended, does not change what it says afterwards',
    needs: 'nginx',
    async run(t) {
      for (const [peer, reason] of [['nginxTlsExpired', 'CERT_HAS_EXPIRED'], ['nginxTlsOther', 'ERR_TLS_CERT_ALTNAME_INVALID'], ['nginxTls', null]]) {
        for (const rejectUnauthorized of [false, true]) {
          const seen = [];
          const notificationCallbacks = { onProgress(status) { if (status === 'NS_NET_STATUS_TLS_HANDSHAKE_ENDED') seen.push(talk.channel.securityInfo?.trusted ?? null); } };
          const talk = t.open(t.peer(peer, '/echo'), { ...trusting(t, { rejectUnauthorized }), attributes: { notificationCallbacks } });
          const { state } = await talk.until('onStart');
          t.is(state, reason && rejectUnauthorized ? 'stopped' : 'open');
          t.is(seen.length, 1, 'how often the handshake ended');
          t.ok(seen[0] === null || seen[0] === !reason, `within onProgress trusted was ${seen[0]}`);
          const { trusted, untrustedReason } = talk.channel.securityInfo;
          t.same([trusted, untrustedReason], [!reason, reason]);
        }
      }
    },
  },
  {
    name: 'a server name checked against a wildcard certificate',
    needs: 'nginx',
    async run(t) {
      for (const [servername, good] of [['a.other.example', true], ['a.b.other.example', false]]) {
        const talk = t.open(t.peer('nginxTlsOther', '/echo'), trusting(t, { servername }));
        await talk.until('onStart');
        const { trusted, serverName, certificate } = talk.channel.securityInfo;
        t.same([trusted, serverName, certificate.names], [good, servername, ['DNS:other.example', 'DNS:*.other.example']]);
      }
    },
  },
  {
    name: 'a resumed TLS session is reported as reused and trusted',
    needs: 'nginx',
    async run(t) {
      const first = await connected(t, 'nginxTls12');
      const session = first.getSession();
      first.destroy();
      const talk = await t.opened(t.peer('nginxTls12', '/echo'), trusting(t, { session }));
      const { sessionReused, trusted, certificate } = talk.channel.securityInfo;
      t.same([sessionReused, trusted], [true, true]);
      // Node itself may not have the certificate: the server does not send it a second time.
      if (certificate) t.is(certificate.fingerprint256, fingerprint(t.addresses.authority.good.cert));
    },
  },
  {
    name: 'the server\'s TLS version is below the client\'s minimum: NS_ERROR_NET_INADEQUATE_SECURITY',
    needs: 'nginx',
    async run(t) {
      const talk = t.open(t.peer('nginxTls12', '/echo'), trusting(t, { minVersion: 'TLSv1.3' }));
      const { cause } = await t.stops(talk, { node: SECURITY });
      t.ok(cause instanceof Error && cause.code, `the cause says why: ${cause}`);
      t.is(talk.channel.securityInfo, null, 'there was no handshake');
    },
  },
  ...['nginxTlsClient', 'apacheTlsClient', 'apacheTlsClient12'].map((peer) => ({
    name: `${peer} accepts a client certificate`,
    needs: peer,
    async run(t) {
      const { client, clientChain } = t.addresses.authority;
      const talk = await t.opened(t.peer(peer, '/echo'), trusting(t, { cert: clientChain, key: client.key }));
      talk.send('it is me');
      t.same(await talk.untilMessages(1), ['it is me']);
      t.is(talk.channel.securityInfo.trusted, true);
    },
  })),
  ...['apacheTlsClient', 'apacheTlsClient12'].flatMap((peer) => [
    {
      name: `${peer} demands a client certificate and gets none: NS_ERROR_NET_INADEQUATE_SECURITY`,
      needs: 'apache',
      async run(t) {
        const talk = t.open(t.peer(peer, '/echo'), trusting(t));
        const { cause, http, message } = await t.stops(talk, { node: SECURITY });
        t.ok(/^ERR_SSL/.test(cause?.code), `OpenSSL's reason: ${cause?.code}`);
        t.is(http, null);
        t.ok(/certificate/i.test(message), `the message mentions the certificate: ${message}`);
      },
    },
    {
      name: `${peer} gets a client certificate that it does not know: NS_ERROR_NET_INADEQUATE_SECURITY`,
      needs: 'apache',
      async run(t) {
        const { cert, key } = t.addresses.authority.strayClient;
        const talk = t.open(t.peer(peer, '/echo'), trusting(t, { cert, key }));
        const { cause } = await t.stops(talk, { node: SECURITY });
        t.ok(/UNKNOWN_CA|BAD_CERTIFICATE/.test(cause?.code), `OpenSSL's reason: ${cause?.code}`);
      },
    },
  ]),
  {
    name: 'a Node server demands a client certificate and gets none: NS_ERROR_NET_INADEQUATE_SECURITY',
    needs: 'nginx',
    run: (t) => withTlsServer(t, { requestCert: true, ca: t.addresses.authority.root.cert }, async (port) => {
      const talk = t.open(`wss://127.0.0.1:${port}/?id=none`, trusting(t));
      await t.stops(talk, { node: SECURITY });
      t.is(talk.channel.securityInfo.certificate.fingerprint256, fingerprint(t.addresses.authority.good.cert));
    }),
  },
  {
    name: 'nginx demands a client certificate, gets none, and answers with an HTTP error',
    needs: 'nginx',
    async run(t) {
      const talk = t.open(t.peer('nginxTlsClient', '/echo'), trusting(t));
      const { http } = await t.stops(talk, { node: REFUSED });
      t.is(http.status, 400);
      t.ok(http.body.includes('No required SSL certificate'), http.body);
    },
  },
  {
    name: 'after a redirect to another server, securityInfo describes the last server',
    needs: 'nginx',
    async run(t) {
      const open = await t.opened(t.peer('nginxTls', `/to/302/wss://127.0.0.1:${t.addresses.nginxTls12}/echo`), trusting(t));
      t.is(open.channel.securityInfo.protocol, 'TLSv1.2');
      const talk = t.open(t.peer('nginxTls', `/to/302/wss://127.0.0.1:${t.addresses.nginxTlsExpired}/echo`), trusting(t));
      await t.stops(talk, { node: SECURITY });
      t.same([talk.channel.securityInfo.untrustedReason, talk.channel.securityInfo.certificate.fingerprint256], ['CERT_HAS_EXPIRED', fingerprint(t.addresses.authority.expired.cert)]);
    },
  },
].map((one) => ({ ...one, hosts: ['node'] }));

function trusting(t, tls = {}, socket = {}) {
  return { options: { tls: { ca: t.addresses.authority.root.cert, ...tls }, socket } };
}

/** Checks every field of the certificate against what openssl reports for this PEM text. */
function expectCertificate(t, certificate, pem) {
  const line = (name) => openssl(pem, '-noout', `-${name}`).toString().trim().split('=').slice(1).join('=');
  t.is(certificate.fingerprint256, fingerprint(pem));
  t.is(certificate.serialNumber.toUpperCase(), line('serial'));
  t.ok(certificate.validFrom instanceof Date && certificate.validTo instanceof Date, 'dates');
  t.same([certificate.validFrom.getTime(), certificate.validTo.getTime()], [Date.parse(line('startdate')), Date.parse(line('enddate'))]);
  t.is(certificate.der.constructor, Uint8Array);
  t.same(certificate.der, new Uint8Array(openssl(pem, '-outform', 'der')), 'der');
  const names = (which) => parts(openssl(pem, '-noout', `-${which}`, '-nameopt', 'sep_multiline,utf8').toString().trim().split('\n').slice(1).map((one) => one.trim()).join(', '));
  t.same([parts(certificate.subject), parts(certificate.issuer)], [names('subject'), names('issuer')]);
  t.same(Object.keys(certificate).sort(), ['der', 'fingerprint256', 'issuer', 'names', 'serialNumber', 'subject', 'validFrom', 'validTo']);
}

/** The parts of a distinguished name, sorted, because both orders are in use. */
function parts(name) {
  return name.split(', ').sort();
}

function fingerprint(pem) {
  return openssl(pem, '-noout', '-fingerprint', '-sha256').toString().trim().split('=')[1];
}

function openssl(pem, ...args) {
  return execFileSync('openssl', ['x509', ...args], { input: pem });
}

/** A connection made with Node's own API. */
function connected(t, peer) {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: t.addresses[peer], ca: t.addresses.authority.root.cert, ALPNProtocols: ['http/1.1'] }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** Runs a TLS server within this process that closes every connection at its first byte. */
async function withTlsServer(t, options, run) {
  const { cert, key } = t.addresses.authority.good;
  const server = createServer({ cert: cert + t.addresses.authority.intermediate.cert, key, ...options }, (socket) => socket.on('error', () => {}).once('data', () => socket.end()));
  server.on('tlsClientError', () => {});
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await run(server.address().port);
  } finally {
    server.close();
  }
}

const REFUSED = 'NS_ERROR_WEBSOCKET_CONNECTION_REFUSED';
const SECURITY = 'NS_ERROR_NET_INADEQUATE_SECURITY';
