const SLOW_READER = 'pings: pingTimeout does not stop a channel whose peer reads slowly: it still reads what was sent before the ping, and then answers';
const TUNNEL_UNREF = "proxy waits: an unref'd channel that is open through a tunnel lets the program end, and ref() keeps the program alive again";
const REDIRECTED = 'security infos: after a redirect to another server, securityInfo describes the last server';
const NOT_TRUSTED = 'proxies: an untrusted server is not trusted through a proxy either, and its certificate can be inspected';
const INIT_MESSAGE_EVENT = 'web socket events: initMessageEvent sets what it is given, and does nothing during the dispatch';
const INIT_EVENT = 'web socket events: initEvent after the dispatch: the event is no longer trusted, and has no target';
const CHANGED_BLOB = 'web socket failures: a Blob that cannot be read fails the connection: error with the cause, close with 1006';

/**
 * The cases that cannot pass on an engine, because its sockets differ from Node's, or because a browser's own class differs from its standard: for each
 * engine, the reasons and the names of the cases. The cases are skipped there, and the log gives the reason.
 */
const DEVIATIONS = {
  deno: [
    ['A socket accepts 24 MiB before it reads what has arrived.', ['compression: a ping is answered between the fragments of a large message, compressed or not']],
    ['An error that nobody catches is printed as null.', ['processes: an uncaught exception from a listener ends the program and is printed with its own message']],
    ['A socket that the peer pauses goes on reading, so no peer is slow.', [SLOW_READER]],
    ['A certificate that is not trusted has fewer reasons, and is not there to look at.', [
      'security infos: nginxTlsExpired is not trusted: CERT_HAS_EXPIRED',
      'security infos: nginxTlsExpired is not trusted, but rejectUnauthorized is false: the channel opens, and untrustedReason is CERT_HAS_EXPIRED',
      'security infos: nginxTlsSelfSigned is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT',
      'security infos: nginxTls is not trusted: UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'security infos: nginxTlsLeafOnly is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'security infos: nginxTlsWithRoot is not trusted: SELF_SIGNED_CERT_IN_CHAIN',
      'security infos: reading securityInfo in onProgress, when the handshake has ended, does not change what it says afterwards',
      REDIRECTED,
      NOT_TRUSTED,
    ]],
    ['An error that cannot be printed ends the process, whatever reports it.', ['a revoked Proxy', 'an object whose toString throws'].map((what) => (
      `report errors: every call throws ${what}: the channel carries on to its onStop, and each throw is reported`))],
    ['A stream asks what it is errored with for its prototype, and fails when that is a revoked Proxy.', [
      'ended streams: a stream that throws a Proxy that was revoked ends the channel the same way, with an Error as the cause',
    ]],
    ['An HTTP/2 session is closed behind its streams, and they say they were reset.', [
      'http2 sessions: a session whose connection ends, before or after the response: the channels report that end and not a reset',
    ]],
    ['A stopped event abort is not heard by addAbortListener either.', [
      'web socket listeners: signal: the listener is removed even if another listener stops the abort event',
      'signals: another listener of the signal that stops the event does not keep the channel from being aborted',
      'web stream closes: a signal aborted during the handshake: both promises are rejected even if another listener stops the abort event',
    ]],
    ['Events have no initEvent.', [INIT_EVENT, INIT_MESSAGE_EVENT]],
    ['A Blob has no bytes but what its properties say.', ['web socket sends: a Blob\'s overridden properties are ignored: its real bytes are sent']],
    ['A Blob of a file that has changed can be read.', [CHANGED_BLOB]],
    ['TLS sessions are not reused.', ['security infos: a resumed TLS session is reported as reused and trusted']],
    ['A TLS server sees the name "" where the client sent none.', ["proxies: tls.servername and the client certificate are for the server, not for the proxy"]],
    ['TLS over another socket cannot be made to let the program end.', [TUNNEL_UNREF]],
    ['TLS over another socket ends where Node reports a reset.', ['http to wss', 'https to ws', 'https to wss', 'socks5 to wss'].map(brokenTunnel)],
    ['util.inspect does not ask an EventTarget what to show.', ['web socket failures: a user name and a password in the URL: url includes them, console output and messages do not']],
    ['tls.connect does not check cert and key.', [
      ...['HTTP', 'SOCKS', 'HTTPS'].map((proxy) => `proxy targets: unusable tls options, through ${proxy}: asyncOpen throws NS_ERROR_INVALID_ARG, or onStop reports it; nothing is uncaught`),
      'proxy targets: unusable tls options, without a proxy: the same',
    ]],
  ],
  bun: [
    ['The npm package ws is replaced by Bun\'s own, which has no createConnection.', ['differential: three hundred random streams, cut at random, give the same messages as through ws']],
    ['A Blob of a file that has changed can be read.', [CHANGED_BLOB]],
    ['net.connect takes its options from Object.prototype, too.', ['pollutions: socket on Object.prototype does not reach the connection']],
    ['There is no V8, whose heap snapshot is searched.', ['', ', nor those of its proxy'].map((more) => `processes: a stopped channel that is still referenced holds no header, passphrase or password${more}`)],
    ['A socket that the peer pauses goes on reading, so no peer is slow.', [SLOW_READER]],
    ['A certificate that is not trusted is not there to look at, nor is the protocol.', [
      'security infos: nginxTlsExpired is not trusted: CERT_HAS_EXPIRED',
      'security infos: nginxTlsOther is not trusted: ERR_TLS_CERT_ALTNAME_INVALID',
      'security infos: nginxTlsSelfSigned is not trusted: DEPTH_ZERO_SELF_SIGNED_CERT',
      'security infos: nginxTls is not trusted: UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      'security infos: nginxTlsLeafOnly is not trusted: UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'security infos: nginxTlsWithRoot is not trusted: SELF_SIGNED_CERT_IN_CHAIN',
      'security infos: a server name checked against a wildcard certificate',
      REDIRECTED,
      NOT_TRUSTED,
    ]],
    ['No event that a program makes can be trusted: isTrusted is a property of each event.', [
      'open is a plain Event: its attributes during the dispatch and after it', 'message is a MessageEvent: data, origin, and the attributes that stay empty',
      'close is a CloseEvent: wasClean, code, reason; readyState is 3 by then', 'error is a plain Event, fired before close; readyState is 3 by then',
      'initMessageEvent sets what it is given, and does nothing during the dispatch',
    ].map((what) => `web socket events: ${what}`)],
    ['A TLS socket over another socket cannot let the program end.', [TUNNEL_UNREF]],
    ['A TLS server does not expose the socket below it, which the peer in this case resets.', ['https to ws', 'https to wss'].map(brokenTunnel)],
  ],
  // In a browser, the cases test the browser's own class. Where it differs from the standard, the package follows the standard.
  chromium: [
    ['A space in a host is written as %20; the URL standard has it fail.', ['wss:// /', 'ws://a b/'].map((url) => `web socket constructions: a URL that is invalid for a WebSocket: SyntaxError for ${url}`)],
    ['Listeners that capture are not called before the others where the target has no parent.', [
      'web socket listeners: listeners are called in the order they were added, capturing ones first, with the socket as this',
      'web socket dispatches: stopImmediatePropagation ends the dispatch; stopPropagation keeps the event from listeners that do not capture',
      'web socket dispatches: dispatchEvent: a listener that a capturing one adds, or removes and adds, is called once',
    ]],
    ['initEvent leaves the target.', [INIT_EVENT, INIT_MESSAGE_EVENT]],
    ['A listener without handleEvent is not reported.', ['web socket listeners: an exception in a listener is reported, and the others are called: functions, handlers, a missing or throwing handleEvent']],
    ['[Clamp] cuts a fraction off instead of rounding.', [
      ...[1000.6, 4999.5].map((code) => `web socket closes: a code that may not be sent: InvalidAccessError for ${code}, whatever the state`),
      ...[[2999.5, 3000], [999.5, 1000], [999.6, 1000]].map(([code, sent]) => `web socket closes: a code that may be sent: ${code} goes out as ${sent}, and comes back`),
    ]],
    ['A reason without a code is an InvalidAccessError.', ['web socket closes: a reason of more than 123 bytes in UTF-8: SyntaxError, whatever the state']],
    ['Of several reads that wait, the second is never answered.', ['web stream messages: several reads before any message has arrived are fulfilled in order']],
    ["The signal's reason is not told: an AbortError is.", [
      'web stream closes: a signal that is already aborted: both promises are rejected with its reason',
      'web stream closes: a signal aborted in the same tick as the construction: both promises are rejected with its reason',
    ]],
    ['The page crashes.', ['web stream closes: a signal aborted during the handshake: rejected with its reason, and the connection is given up']],
  ],
  firefox: [
    ['A masked frame is taken.', [
      'web socket closes: a connection that fails because of a masked frame: error, then an unclean close with 1006',
      'web stream closes: a connection that fails because of a masked frame: closed is rejected, and both streams are errored with the same WebSocketError',
    ]],
    ['A close frame that is wrong closes cleanly.', ['a close frame of one byte', 'an invalid close code'].map((what) => `web socket closes: a connection that fails because of ${what}: error, then an unclean close with 1006`)],
    ['A subprotocol that was not asked for is left out, and the connection opens.', ['web stream openings: a failed opening, a subprotocol that was not requested: opened is rejected with a WebSocketError without a code, closed with one with code 1006']],
  ],
};

/** Why this case does not run on this engine, or false. */
export function deviation(engine, name) {
  const known = DEVIATIONS[engine]?.find(([, names]) => names.includes(name));
  return known ? `${engine}: ${known[0]}` : false;
}

function brokenTunnel(way) {
  return `proxy waits: an open tunnel through ${way} that is reset or ends: the channel stops as it does without a proxy`;
}
