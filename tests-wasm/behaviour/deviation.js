const SLOW_READER = 'pings: a peer that reads slowly is no dead one: what lies before the ping is being taken, and its pong comes in the end';
const TUNNEL_UNREF = "proxy waits: an unref'd channel that is open through a tunnel lets the program end; one that is ref'd again keeps it";
const REDIRECTED = 'security infos: behind a redirect to another server securityInfo is of the last one';
const NOT_TRUSTED = 'proxies: a server that is not trusted is not trusted through a proxy either; its certificate is there to look at';
const CHANGED_BLOB = 'web socket failures: a Blob that cannot be read fails the connection: error with the cause, close with 1006';

/**
 * The cases that cannot pass on an engine, because its sockets differ from Node's, or because a browser's own class differs from its standard: for each
 * engine, the reasons and the names of the cases. The cases are skipped there, and the log gives the reason.
 */
const DEVIATIONS = {
  deno: [
    ['A socket accepts 24 MiB before it reads what has arrived.', ['compression: a ping is answered between the fragments of a large message, compressed or not']],
    ['An uncaught error is printed as null.', ['processes: an exception thrown by a listener, which nobody catches, ends the program with its own message']],
    ['A socket that the peer has paused continues to read, so no peer is slow.', [SLOW_READER]],
    ['There are fewer reasons why a certificate is not trusted, and an untrusted certificate is not available.', [
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
    ['An error that cannot be printed ends the process, whatever reports it.', ['a revoked Proxy', 'an object whose toString throws'].map((what) => (
      `report errors: every call throws ${what}: the channel carries on to its onStop, and each throw is reported`))],
    ['A stream reads the prototype of the error that it gets, which fails for a revoked Proxy.', [
      'ended streams: a stream that throws a Proxy that was revoked ends it the same way, with an Error as the cause',
    ]],
    ['An HTTP/2 session closes after its streams, and they report a reset.', [
      'http2: a session whose connection just ends, after the response or before it: the channels say so, and nothing of a reset',
    ]],
    ['addAbortListener does not get an abort event that has been stopped either.', [
      'web socket events: signal: the listener is gone although another one stops the event abort',
      'web stream closes: a signal aborted during the handshake, whose event another listener stops: rejected all the same',
    ]],
    ['The bytes of a Blob can only be read through its public properties.', ['web socket sends: what a Blob says of itself is not asked: its own bytes go out']],
    ['A Blob of a file that has changed can be read.', [CHANGED_BLOB]],
    ['TLS sessions are not reused.', ['security infos: a TLS session used again']],
    ['A TLS server gets the server name "" if the client sends none.', ["proxies: tls.servername and the client's certificate are the server's, not the proxy's"]],
    ['A TLS socket over another socket cannot let the program end.', [TUNNEL_UNREF]],
    ['TLS over another socket reports an end where Node reports a reset.', ['http to wss', 'https to ws', 'https to wss', 'socks5 to wss'].map(brokenTunnel)],
    ['util.inspect ignores the custom inspection function of an EventTarget.', ['web socket failures: a user name and a password in the URL: url has them, the console does not']],
    ['tls.connect does not check cert and key.', [
      ...['HTTP', 'SOCKS', 'HTTPS'].map((proxy) => `proxy targets: tls options that cannot be used, through ${proxy}: NS_ERROR_INVALID_ARG from asyncOpen, or onStop tells; nothing is uncaught`),
      'proxy targets: tls options that cannot be used, without a proxy: the same',
    ]],
  ],
  bun: [
    ['The npm package ws is replaced by Bun\'s own, which has no createConnection.', ['differential: three hundred random streams, cut at random: the same messages as through ws']],
    ['A Blob of a file that has changed can be read.', [CHANGED_BLOB]],
    ['net.connect takes its options from Object.prototype, too.', ['pollutions: socket on Object.prototype does not reach the connection']],
    ['There is no V8, and the case searches a V8 heap snapshot.', ['', ', nor one of its proxy'].map((more) => `processes: a stopped channel that is kept keeps no header, passphrase or password with it${more}`)],
    ['A socket that the peer has paused continues to read, so no peer is slow.', [SLOW_READER]],
    ['Neither an untrusted certificate nor the protocol is available.', [
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
    ['A program cannot make a trusted event: isTrusted is a property of each event.', [
      'open is a plain Event: its attributes within the dispatch, and behind it', 'message is a MessageEvent: data, origin, and what a WebSocket has none of',
      'close is a CloseEvent: wasClean, code, reason; readyState has become 3', 'error is a plain Event, fired before close; readyState is 3 by then',
    ].map((what) => `web socket events: ${what}`)],
    ['A TLS socket over another socket cannot let the program end.', [TUNNEL_UNREF]],
    ['A TLS server does not expose the socket below it, which the peer in this case resets.', ['https to ws', 'https to wss'].map(brokenTunnel)],
  ],
  // In a browser, the cases test the browser's own class. Where it differs from the standard, the package follows the standard.
  chromium: [
    ['A space in a host becomes %20; by the URL standard, parsing fails.', ['wss:// /', 'ws://a b/'].map((url) => `web socket constructions: a URL that is none of a WebSocket: SyntaxError for ${url}`)],
    ['Listeners that capture are not called before the others where the target has no parent.', [
      'web socket events: listeners are called in their order, the capturing ones first, with the socket as this',
      'web socket events: stopImmediatePropagation ends the dispatch; stopPropagation keeps it from the listeners that do not capture',
    ]],
    ['A listener without handleEvent is not reported.', ['web socket events: what a listener throws is reported, and the others are called: functions, handlers, handleEvent that is missing or throws']],
    ['[Clamp] truncates a fraction instead of rounding it.', [
      ...[1000.6, 4999.5].map((code) => `web socket closes: a code that may not be sent: InvalidAccessError for ${code}, whatever the state`),
      ...[[2999.5, 3000], [999.5, 1000], [999.6, 1000]].map(([code, sent]) => `web socket closes: a code that may be sent: ${code} goes out as ${sent}, and comes back`),
    ]],
    ['A reason without a code is an InvalidAccessError.', ['web socket closes: a reason of more than 123 bytes in UTF-8: SyntaxError, whatever the state']],
    ['If several reads are pending, the second is never fulfilled.', ['web stream messages: read before the message is there, several at once: in order']],
    ["Promises are rejected with an AbortError instead of the signal's reason.", [
      'web stream closes: a signal that is aborted already: both promises are rejected with its reason, and nothing is sent',
      'web stream closes: a signal aborted in the tick that constructed: rejected with its reason',
    ]],
    ['The page crashes.', ['web stream closes: a signal aborted during the handshake: rejected with its reason, and the connection is given up']],
  ],
  firefox: [
    ['A masked frame is accepted.', [
      'web socket closes: a connection that fails by a masked frame: error, then close with 1006, not clean',
      'web stream closes: a connection that fails by a masked frame: closed is rejected, and both streams are errored with the same WebSocketError',
    ]],
    ['An invalid close frame closes cleanly.', ['a close frame of one byte', 'a close code that is none'].map((what) => `web socket closes: a connection that fails by ${what}: error, then close with 1006, not clean`)],
    ['A subprotocol that was not requested is ignored, and the connection opens.', ['web stream openings: an opening that fails, a subprotocol that was not asked for: opened is rejected with a WebSocketError that has no code, closed with one of 1006']],
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
