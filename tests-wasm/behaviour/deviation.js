const SLOW_READER = 'pings: a peer that reads slowly is no dead one: what lies before the ping is being taken, and its pong comes in the end';
const TUNNEL_UNREF = "proxy waits: an unref'd channel that is open through a tunnel lets the program end; one that is ref'd again keeps it";
const REDIRECTED = 'security infos: behind a redirect to another server securityInfo is of the last one';
const NOT_TRUSTED = 'proxies: a server that is not trusted is not trusted through a proxy either; its certificate is there to look at';

/**
 * Where the sockets of another runtime behave unlike Node's, so that a case cannot pass there: for each engine, the reason and the names of the
 * cases. They are skipped there, and the log gives the reason.
 */
const DEVIATIONS = {
  deno: [
    ['A socket accepts 24 MiB before it reads what has arrived.', ['compression: a ping is answered between the fragments of a large message, compressed or not']],
    ['An error that nobody catches is printed as null.', ['processes: an exception thrown by a listener, which nobody catches, ends the program with its own message']],
    ['A socket that the peer pauses goes on reading, so no peer is slow.', [SLOW_READER]],
    ['A certificate that is not trusted has fewer reasons, and is not there to look at.', [
      'security infos: nginxTlsExpired is not trusted: CERT_HAS_EXPIRED',
      'security infos: nginxTlsExpired is not trusted, but rejectUnauthorized is false: it opens, and the reason is there: CERT_HAS_EXPIRED',
      'security infos: nginxTlsSelfSigned is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT',
      'security infos: nginxTls is not trusted: UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'security infos: nginxTlsLeafOnly is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'security infos: nginxTlsWithRoot is not trusted: SELF_SIGNED_CERT_IN_CHAIN',
      'security infos: securityInfo that is asked for in onProgress, when the handshake has ended, says nothing else afterwards',
      REDIRECTED,
      NOT_TRUSTED,
    ]],
    ['An error that cannot be printed ends the process, whoever reports it.', ['a revoked Proxy', 'an object whose toString throws'].map((what) => (
      `report errors: every call throws ${what}: the channel carries on to its onStop, and each throw is reported`))],
    ['A TLS session is not used again.', ['security infos: a TLS session used again']],
    ['A TLS server sees the name "" where the client sent none.', ["proxies: tls.servername and the client's certificate are the server's, not the proxy's"]],
    ['TLS over another socket cannot be made to let the program end.', [TUNNEL_UNREF]],
    ['TLS over another socket ends where Node reports a reset.', ['http to wss', 'https to ws', 'https to wss', 'socks5 to wss'].map(brokenTunnel)],
    ['tls.connect does not check cert and key.', [
      ...['HTTP', 'SOCKS', 'HTTPS'].map((proxy) => `proxy targets: tls options that cannot be used, through ${proxy}: NS_ERROR_INVALID_ARG from asyncOpen, or onStop tells; nothing is uncaught`),
      'proxy targets: tls options that cannot be used, without a proxy: the same',
    ]],
  ],
  bun: [
    ['The npm package ws is replaced by Bun\'s own, which has no createConnection.', ['differential: three hundred random streams, cut at random: the same messages as through ws']],
    ['net.connect takes its options from Object.prototype, too.', ['pollutions: socket on Object.prototype does not reach the connection']],
    ['There is no V8, whose heap snapshot is searched.', ['', ', nor one of its proxy'].map((more) => `processes: a stopped channel that is kept keeps no header, passphrase or password with it${more}`)],
    ['A socket that the peer pauses goes on reading, so no peer is slow.', [SLOW_READER]],
    ['A certificate that is not trusted is not there to look at, nor is the protocol.', [
      'security infos: nginxTlsExpired is not trusted: CERT_HAS_EXPIRED',
      'security infos: nginxTlsOther is not trusted: ERR_TLS_CERT_ALTNAME_INVALID',
      'security infos: nginxTlsSelfSigned is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT',
      'security infos: nginxTls is not trusted: UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'security infos: nginxTlsLeafOnly is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'security infos: nginxTlsWithRoot is not trusted: SELF_SIGNED_CERT_IN_CHAIN',
      'security infos: a name that a certificate has only as a pattern',
      REDIRECTED,
      NOT_TRUSTED,
    ]],
    ['TLS over another socket cannot be made to let the program end.', [TUNNEL_UNREF]],
    ['A TLS server does not tell of the socket below it, which the peer of this case resets.', ['https to ws', 'https to wss'].map(brokenTunnel)],
  ],
};

/** Why this case does not run on this engine, or false. */
export function deviation(engine, name) {
  const known = DEVIATIONS[engine]?.find(([, names]) => names.includes(name));
  return known ? `${engine}: ${known[0]}` : false;
}

function brokenTunnel(way) {
  return `proxy waits: a tunnel through ${way} that breaks when open: reset and end, each as without a proxy`;
}
