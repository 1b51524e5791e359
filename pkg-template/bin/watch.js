// --frames and --verbose: what passes on the wire, and how the connection was established.

import dns from 'node:dns';
import { eventService } from 'websocket-channel';
import { printable, printableLine, size } from './style.js';

const NAMES = { 0: 'continuation', 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' };

/** What is known of one channel's messages that are not complete. */
class Passing {
  wire = { sent: 0, received: 0 };
  /** The sizes of the messages sent, in order, before they were compressed. */
  sizes = [];
  /** The sizes on the wire of messages that have arrived completely but have not been reported yet. */
  whole = [];

  /** Counts a frame. Returns the message's size on the wire if the frame is its last, or null. */
  count(direction, { finBit, opCode, payload }) {
    if (opCode >= 8) return null;
    this.wire[direction] += payload.length;
    if (!finBit) return null;
    const bytes = this.wire[direction];
    this.wire[direction] = 0;
    return bytes;
  }
}

/** Shows each frame. `nameOf` gives the name of a channel, by its serial number. Tell the returned object what is sent: sent(serial, bytes). */
export function showFrames(output, nameOf = () => '') {
  const { style } = output;
  const channels = new Map();
  const of = (serial) => {
    if (!channels.has(serial)) channels.set(serial, new Passing());
    return channels.get(serial);
  };
  const show = (serial, arrow, color, frame) => {
    const { finBit, rsvBit1, rsvBit2, rsvBit3, opCode, maskBit, mask, payload } = frame;
    const facts = [
      NAMES[opCode] ?? `opcode ${opCode}`, finBit && 'FIN', rsvBit1 && 'RSV1', rsvBit2 && 'RSV2', rsvBit3 && 'RSV3',
      maskBit && `mask ${mask.toString(16).padStart(8, '0')}`, size(payload.length), rsvBit1 && 'compressed', content(frame),
    ];
    output.aside(style(color, `${nameOf(serial)}${arrow} ${facts.filter(Boolean).join('  ')}`));
  };
  // Shows what the frame itself does not: the size of a message before it was compressed.
  const total = (serial, bytes, wire) => {
    if (bytes !== wire) output.aside(style('dim', `${nameOf(serial)}  a message of ${size(bytes)}, ${size(wire)} on the wire, ${Math.round((wire / bytes) * 100)} %`));
  };
  eventService.addListener({
    frameSent(serial, frame) {
      show(serial, '→', 'green', frame);
      const wire = of(serial).count('sent', frame);
      if (wire !== null) total(serial, of(serial).sizes.shift() ?? wire, wire);
    },
    frameReceived(serial, frame) {
      show(serial, '←', 'cyan', frame);
      const wire = of(serial).count('received', frame);
      if (wire !== null) of(serial).whole.push(wire);
    },
    webSocketMessageAvailable(serial, data) {
      const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
      total(serial, bytes, of(serial).whole.shift() ?? bytes);
    },
    webSocketClosed: (serial) => channels.delete(serial),
  });
  return { sent: (serial, bytes) => of(serial).sizes.push(bytes) };
}

/** The beginning of a frame's readable content. */
function content({ opCode, rsvBit1, payload }) {
  if (rsvBit1 || opCode === 0 || opCode === 2) return '';
  const bytes = Buffer.from(payload);
  if (opCode === 8) return payload.length >= 2 ? `${bytes.readUInt16BE()} ${printableLine(bytes.toString('utf8', 2))}`.trim() : '';
  const text = printableLine(bytes.toString('utf8', 0, 60));
  return text && `"${text}${payload.length > 60 ? '…' : ''}"`;
}

const STAGES = {
  NS_NET_STATUS_RESOLVING_HOST: 'looking up', NS_NET_STATUS_RESOLVED_HOST: 'looked up', NS_NET_STATUS_CONNECTING_TO: 'connecting to',
  NS_NET_STATUS_CONNECTED_TO: 'connected to', NS_NET_STATUS_TLS_HANDSHAKE_STARTING: 'TLS with', NS_NET_STATUS_TLS_HANDSHAKE_ENDED: 'TLS established with',
  NS_NET_STATUS_SENDING_TO: 'sending the request to', NS_NET_STATUS_WAITING_FOR: 'waiting for the response of',
};

/** Fields whose values are secrets: only the scheme of an authorization is shown. */
const SECRET = /^((?:proxy-)?authorization: *\S+|cookie:).*$/i;

/** A channel's options with a lookup that says which addresses a name has. */
export function announcing(options, say) {
  const lookup = (host, settings, callback) => dns.lookup(host, settings, (error, found, family) => {
    if (!error) say(`  ${host} is ${Array.isArray(found) ? found.map(({ address }) => address).join(', ') : found}`);
    callback(error, found, family);
  });
  return options.socket?.path === undefined ? { ...options, socket: { ...options.socket, lookup } } : options;
}

/**
 * Shows the opening's stages, the requests, redirects, the certificate and the response, each with the milliseconds since the beginning. The returned
 * functions show more: say(text), and response(http) of a server that refused.
 */
export function showOpening(output, channel) {
  const { style } = output;
  const began = performance.now();
  const say = (text) => output.aside(style('dim', `* ${`${(performance.now() - began).toFixed(0)} ms`.padStart(8)}  ${printable(text)}`));
  const response = ({ status, headers }) => {
    say(`status ${status}`);
    for (const [name, value] of Object.entries(headers)) say(`  ${name}: ${value}`);
  };
  const { onAuthRequired } = channel.notificationCallbacks ?? {};
  channel.notificationCallbacks = {
    ...onAuthRequired && {
      onAuthRequired(request) {
        say(`${request.isProxy ? 407 : 401}: asked for a user name and password (${request.scheme}, "${request.realm}")`);
        return onAuthRequired(request);
      },
    },
    onProgress: (stage, host) => say(`${STAGES[stage] ?? stage} ${host}`),
    [Symbol.for('websocket-channel.onRequest')]: (head) => { for (const line of head.trimEnd().split('\r\n')) say(`  ${line.replace(SECRET, '$1 …')}`); },
    onRedirect: (from, to, status) => { say(`${status}: redirected to ${to}`); return true; },
  };
  eventService.addListener({
    webSocketOpened() {
      const { securityInfo, httpResponse } = channel;
      if (securityInfo) describe(securityInfo, say);
      if (httpResponse) response(httpResponse);
    },
    webSocketClosed() {
      const { securityInfo, httpResponse } = channel;
      if (securityInfo && !httpResponse) describe(securityInfo, say);
    },
  });
  return { say, response };
}

function describe({ protocol, cipher, alpn, certificate, trusted, untrustedReason }, say) {
  say([protocol, cipher, alpn && `ALPN ${alpn}`].filter(Boolean).join(', '));
  if (certificate) {
    say(`  certificate of ${certificate.subject}, by ${certificate.issuer}`);
    say(`  for ${certificate.names.join(', ')}; until ${certificate.validTo.toISOString().slice(0, 10)}`);
  }
  say(trusted ? '  trusted' : `  not trusted: ${untrustedReason}`);
}
