// Why a connection did not come to be, or was lost, in words that a person can act on.

/** What OpenSSL's and Node's codes for certificates mean. */
const CERTIFICATES = {
  SELF_SIGNED_CERT_IN_CHAIN: 'its chain ends in a certificate that no authority here has signed; give the authority\'s with the option tls.ca',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it is signed by itself; give it with the option tls.ca if you trust it',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate of the authority that signed it is missing; give it with the option tls.ca',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'it is signed by an authority that is not known here; give its certificate with the option tls.ca',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'it is signed by an authority that is not known here, or the server does not send the certificates between',
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet; is the clock right?',
  CERT_REVOKED: 'it was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'it is for other names',
};

const NETWORK = {
  ECONNREFUSED: 'nobody listens there: is the server running, and is it this port?',
  EHOSTUNREACH: 'there is no way to that host from here.',
  ENETUNREACH: 'there is no way to that network from here.',
  EACCES: 'the system does not permit it.',
  ENOENT: 'there is no such socket file.',
  EADDRNOTAVAIL: 'the local address cannot be used.',
};

const NO_NAME = ['ENOTFOUND', 'EAI_NODATA', 'EAI_NONAME', 'EAI_FAIL'];

const isTls = (code) => code === 'EPROTO' || /^ERR_(SSL|TLS)_/.test(code) || code in CERTIFICATES;

const capital = (text) => text[0].toUpperCase() + text.slice(1);

/** The host of a URL as sockets want it: an IPv6 address without its brackets. */
export const hostOf = ({ hostname }) => hostname.replace(/^\[|\]$/g, '');

/** The port of a URL, its scheme's if it names none. */
export const portOf = ({ port, protocol }) => Number(port || (protocol === 'wss:' ? 443 : 80));

/** Both, as HTTP writes them. */
export const hostAndPort = (url) => `${url.hostname}:${portOf(url)}`;

/**
 * What kind of loss this is, for failure.rs, and the words for it: of a socket that got as far as `reached` (socket.js says what there is) and was closed because of `error`, or without one.
 */
export function explainLoss({ url, proxy }, reached, error) {
  // Of several addresses, none of which answered, the first one's.
  const code = String(error?.code ?? error?.errors?.[0]?.code ?? '');
  const isProxys = proxy !== null && ['', 'proxyTls', 'proxy'].includes(reached);
  const [kind, words] = isProxys ? explainProxyLoss(proxy, reached, code, error) : explain(url, hostAndPort(url), reached, code, error);
  return [kind, code === '' ? words : `${words} (${code})`];
}

function explain(url, at, reached, code, error) {
  if (reached === 'tcp' || isTls(code)) return ['tls', explainTls(at, code, error)];
  if (code === 'ETIMEDOUT') return ['timeout', `The system gave up waiting for ${at}.`];
  if (reached === '') {
    if (code === 'EAI_AGAIN') return ['name', `The name ${url.hostname} could not be looked up: is there a network, and does its name server answer?`];
    if (NO_NAME.includes(code)) return ['name', `The name ${url.hostname} was not found: is it spelt right?`];
    return ['refused', `The connection to ${at} could not be made: ${NETWORK[code] ?? 'see the cause.'}`];
  }
  const when = reached === 'open' ? '' : ' before it answered';
  if (['ECONNRESET', 'EPIPE', 'ECONNABORTED'].includes(code)) return ['reset', `The connection to ${at} was reset${when}.`];
  if (code === '') return ['ended', `${at} ended the connection${when || ' without a close frame'}.`];
  return ['reset', `The connection to ${at} was lost${when}.`];
}

/** The way to the proxy, or what it should have opened. */
function explainProxyLoss({ name, host }, reached, code, error) {
  if (reached === 'proxyTls' || isTls(code)) return ['tls', capital(explainTls(name, code, error))];
  if (reached === '') {
    const [kind, words] = explain({ hostname: host }, name, reached, code, error);
    return [kind === 'name' ? 'proxyName' : 'proxy', words];
  }
  const why = error === null || code === 'ECONNRESET' ? 'it ended the connection.' : error.message;
  return ['proxy', `${capital(name)} did not open the way to the server: ${why}`];
}

function explainTls(at, code, error) {
  const certificate = CERTIFICATES[code];
  if (certificate) return `The certificate of ${at} is not trusted: ${certificate}.`;
  if (/wrong version number|packet length too long|http request/i.test(error?.message ?? '')) {
    return `${at} does not speak TLS: should the URI begin with ws: rather than wss:?`;
  }
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE/.test(code)) {
    return `${at} refused the TLS handshake; if it wants a client's certificate, give one with the options tls.cert and tls.key.`;
  }
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) return `${at} and this client have no TLS version in common; see the options tls.minVersion and maxVersion.`;
  return code === '' || code === 'ECONNRESET' ? `${at} ended the connection during the TLS handshake.` : `TLS with ${at} failed.`;
}

const STATUSES = {
  400: 'The server did not understand the request.',
  403: 'The server forbids it: the origin, a cookie or a header may be missing.',
  404: 'The server has nothing at this path.',
  405: 'The server takes no GET at this path: is it the one for WebSockets?',
  407: 'A proxy wants a user name and password.',
  426: 'The server wants another protocol or version.',
  429: 'The server is asked too often: wait before you try again.',
  500: 'The server has failed.',
  502: 'The server in front does not reach the one behind it.',
  503: 'The server is overloaded or being serviced.',
  504: 'The server in front does not reach the one behind it.',
};

/** An answer that breaks the rules. */
export function explainFault(url, words) {
  return `The handshake with ${hostAndPort(url)} failed: ${words}`;
}

/** A proxy's answer to CONNECT that is a refusal. */
export function explainProxy({ name }, { status }) {
  return `${capital(name)} answered with HTTP status ${status} instead of opening the way to the server.`;
}

/** An HTTP answer that is no upgrade. */
export function explainAnswer(url, { status }) {
  const why = STATUSES[status]
    ?? (status < 300 ? 'It is a web page or file, not a WebSocket.' : status < 400 ? 'It points elsewhere, and was not followed.' : '');
  return `${hostAndPort(url)} answered with HTTP status ${status} instead of upgrading to WebSocket. ${why}`.trimEnd();
}
