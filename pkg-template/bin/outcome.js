// What a channel's end means to a script.

export const BAD_CLOSE = 9;
export const CANNOT_LISTEN = 10;
export const INTERRUPTED = 130;

/** [code, what it means], as the help shows them. */
export const EXIT_CODES = [
  [0, 'the connection was closed cleanly, also if Ctrl-C or a signal asked for that, or everything asked for has arrived'],
  [1, 'the connection was lost after it had opened; messages are missing (--count, --load); a line or a file could not be handled'],
  [2, 'the command line is wrong'],
  [3, 'no connection: the name was not found, nothing listens there, or there was no HTTP response'],
  [4, 'the server answered with an HTTP status that is not an upgrade'],
  [5, 'TLS: the certificate is not trusted, or the handshake failed'],
  [6, 'a timeout expired: opening, closing or waiting for a pong'],
  [7, 'the proxy refused, or was not found'],
  [8, 'the server broke the protocol, or a limit'],
  [BAD_CLOSE, 'the server closed with an error: a code other than 1000, 1001 or none'],
  [CANNOT_LISTEN, '--listen: it cannot listen on this port or address'],
  [INTERRUPTED, 'interrupted, and the connection was not closed cleanly'],
];

const BY_STATUS = {
  NS_OK: 0,
  NS_BINDING_ABORTED: INTERRUPTED,
  NS_ERROR_UNKNOWN_HOST: 3,
  NS_ERROR_WEBSOCKET_CONNECTION_REFUSED: 3,
  NS_ERROR_NET_INADEQUATE_SECURITY: 5,
  NS_ERROR_NET_TIMEOUT_EXTERNAL: 6,
  NS_ERROR_PROXY_CONNECTION_REFUSED: 7,
  NS_ERROR_UNKNOWN_PROXY_HOST: 7,
  NS_ERROR_ILLEGAL_VALUE: 8,
  NS_ERROR_CANNOT_CONVERT_DATA: 8,
  NS_ERROR_FILE_TOO_BIG: 8,
  NS_ERROR_INVALID_CONTENT_ENCODING: 8,
};
const FINE = [1000, 1001, 1005];

/** The exit code for what onStop reports. `wasOpen`: whether the channel was open before. */
export function exitCode({ name, http, closedBy, code }, wasOpen) {
  if (http !== null) return name.includes('PROXY') ? 7 : 4;
  if (name === 'NS_OK' && closedBy === 'remote' && !FINE.includes(code)) return BAD_CLOSE;
  return BY_STATUS[name] ?? (wasOpen ? 1 : 3);
}

/** A close code and its reason, in one line: a reason with line breaks could pass for output of the command's own. */
export const closing = (code, reason) => `${code} ${reason.replace(/\s+/g, ' ')}`.trim();

/** The flags that set a channel's options and arguments. */
const FLAGS = {
  asyncOpen: 'URI', protocol: '--subprotocol', origin: '--origin', close: '--close-code', pingInterval: '--ping', pingTimeout: '--ping-timeout',
  openTimeoutMs: '--timeout', closeTimeoutMs: '--close-timeout', maxMessageSize: '--max-size', redirects: '--max-redirects', headers: '--header', proxy: '--proxy', http2: '--http2',
  'tls.ca': '--ca', 'tls.cert': '--cert', 'tls.key': '--key', 'tls.servername': '--servername',
};
/** These take NAME=VALUE. */
const SETTINGS = ['socket', 'deflate'];

function flagOf(option) {
  const [group, name] = option.split('.');
  return FLAGS[option] ?? (name && SETTINGS.includes(group) ? `--${group} ${name}` : undefined);
}

/** What the channel's messages advise, and what to do on the command line instead. */
const ADVICE = [
  ['Pass the certificate of its authority in the option tls.ca.', 'Pass the certificate of its authority with --ca FILE, or trust any certificate with --insecure.'],
  ['If you trust it, pass it in the option tls.ca.', 'If you trust it, pass it with --ca FILE, or trust any certificate with --insecure.'],
  ['tls, socket: Node refuses one of these options.', 'Node refuses a value of --socket, --servername, --ca, --cert or --key:'],
  ['proxy, socket.path:', '--proxy, --socket path:'],
  ['Unknown setting: deflate.', 'Unknown setting: --deflate '],
  ['onAuthRequired gave up.', 'It does not accept --user, which is sent only to the server in the URI.'],
  ['Put them in the URI, or return them from notificationCallbacks.onAuthRequired.', 'Pass them with --user NAME:PASSWORD.'],
  ['Put them in the option proxy, or return them from notificationCallbacks.onAuthRequired.', 'Put them in the URI of --proxy.'],
  ['in the option proxy.', 'in the URI of --proxy.'],
  ['Pass the origin to asyncOpen, or to WebSocket as the option origin.', 'Use --origin.'],
  ["Set the channel's attribute protocol, or pass the subprotocols to WebSocket.", 'Use --subprotocol.'],
];

/** A channel's message in the command's words: where it names options, it names flags. `cause` is the error's. */
export function inFlags(message, cause) {
  const [, origin] = /^asyncOpen: (".*" is not an origin\. .*), or null to send none\.$/.exec(message) ?? [];
  if (origin) return `--origin: ${origin}.`;
  return ADVICE.reduce((text, [words, instead]) => text.replace(words, instead), message)
    .replace(/^[\w.]+(?=: )/, (where) => flagOf(where) ?? where)
    .replace(/\b(in )?the options? (\w+(?:\.\w+)?)(?: and (\w+\.\w+))?/g, (words, within, ...[one, other]) => {
      const flags = [one, other].filter(Boolean).map(flagOf);
      return flags.includes(undefined) ? words : `${within ? 'with ' : ''}${flags.join(' and ')}`;
    })
    .replace(/\b(?:openTimeoutMs|closeTimeoutMs|maxMessageSize|pingTimeout)\b/, flagOf)
    .replace("The error's cause says which.", () => (cause instanceof Error ? cause.message : ''));
}
