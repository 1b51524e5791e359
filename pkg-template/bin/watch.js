// --frames and --verbose: what passes on the wire, and how the connection was established.

import { eventService } from 'websocket-channel';
import { printable, size } from './style.js';

const NAMES = { 0: 'continuation', 1: 'text', 2: 'binary', 8: 'close', 9: 'ping', 10: 'pong' };

/** Shows each frame. `sizes` are those of the messages sent, in order, before they were compressed. */
export function showFrames(output, sizes) {
  const { style } = output;
  const wire = { sent: 0, received: 0 };
  /** The sizes on the wire of messages that have arrived completely but have not been reported yet. */
  const whole = [];
  const show = (arrow, color, frame) => {
    const { finBit, rsvBit1, rsvBit2, rsvBit3, opCode, maskBit, mask, payload } = frame;
    const facts = [
      NAMES[opCode] ?? `opcode ${opCode}`, finBit && 'FIN', rsvBit1 && 'RSV1', rsvBit2 && 'RSV2', rsvBit3 && 'RSV3',
      maskBit && `mask ${mask.toString(16).padStart(8, '0')}`, size(payload.length), rsvBit1 && 'compressed', content(frame),
    ];
    output.aside(style(color, `${arrow} ${facts.filter(Boolean).join('  ')}`));
  };
  const sum = (direction, frame) => {
    if (frame.opCode < 8) wire[direction] += frame.payload.length;
  };
  // Shows what the frame itself does not: the size of a message before it was compressed.
  const total = (bytes, taken) => {
    if (bytes !== taken) output.aside(style('dim', `  a message of ${size(bytes)}, ${size(taken)} on the wire, ${Math.round((taken / bytes) * 100)} %`));
  };
  const isEnd = ({ finBit, opCode }) => finBit && opCode < 8;
  const taken = (direction) => {
    const bytes = wire[direction];
    wire[direction] = 0;
    return bytes;
  };
  eventService.addListener({
    frameSent(serial, frame) {
      show('→', 'green', frame);
      sum('sent', frame);
      if (isEnd(frame)) total(sizes.shift() ?? wire.sent, taken('sent'));
    },
    frameReceived(serial, frame) {
      show('←', 'cyan', frame);
      sum('received', frame);
      if (isEnd(frame)) whole.push(taken('received'));
    },
    webSocketMessageAvailable(serial, data) {
      const bytes = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
      total(bytes, whole.shift() ?? bytes);
    },
  });
}

/** The beginning of a frame's readable content. */
function content({ opCode, rsvBit1, payload }) {
  if (rsvBit1 || opCode === 0 || opCode === 2) return '';
  const bytes = Buffer.from(payload);
  if (opCode === 8) return payload.length >= 2 ? `${bytes.readUInt16BE()} ${printable(bytes.toString('utf8', 2))}`.trim() : '';
  const text = printable(bytes.toString('utf8', 0, 60)).replaceAll('\n', '␊');
  return text && `"${text}${payload.length > 60 ? '…' : ''}"`;
}

const STAGES = {
  NS_NET_STATUS_RESOLVING_HOST: 'looking up', NS_NET_STATUS_RESOLVED_HOST: 'looked up', NS_NET_STATUS_CONNECTING_TO: 'connecting to',
  NS_NET_STATUS_CONNECTED_TO: 'connected to', NS_NET_STATUS_TLS_HANDSHAKE_STARTING: 'TLS with', NS_NET_STATUS_TLS_HANDSHAKE_ENDED: 'TLS established with',
  NS_NET_STATUS_SENDING_TO: 'sending the request to', NS_NET_STATUS_WAITING_FOR: 'waiting for the response of',
};

/** Fields whose values are secrets: only the scheme of an authorization is shown. */
const SECRET = /^((?:proxy-)?authorization: *\S+|cookie:).*$/i;

/** Shows the opening's stages, the requests, redirects, the certificate and the response, each with the milliseconds since the beginning. */
export function showOpening(output, channel) {
  const { style } = output;
  const began = performance.now();
  const say = (text) => output.aside(style('dim', `* ${`${(performance.now() - began).toFixed(0)} ms`.padStart(8)}  ${text}`));
  channel.notificationCallbacks = {
    ...channel.notificationCallbacks,
    onProgress: (stage, host) => say(`${STAGES[stage] ?? stage} ${host}`),
    __onRequest: (head) => { for (const line of head.trimEnd().split('\r\n')) say(`  ${printable(line.replace(SECRET, '$1 …'))}`); },
    onRedirect: (from, to, status) => { say(`${status}: redirected to ${to}`); return true; },
  };
  eventService.addListener({
    webSocketOpened() {
      const { securityInfo, httpResponse } = channel;
      if (securityInfo) describe(securityInfo, say);
      if (httpResponse) {
        say(`status ${httpResponse.status}`);
        for (const [name, value] of Object.entries(httpResponse.headers)) say(`  ${name}: ${printable(value)}`);
      }
    },
    webSocketClosed() {
      const { securityInfo, httpResponse } = channel;
      if (securityInfo && !httpResponse) describe(securityInfo, say);
    },
  });
}

function describe({ protocol, cipher, alpn, certificate, trusted, untrustedReason }, say) {
  say([protocol, cipher, alpn && `ALPN ${alpn}`].filter(Boolean).join(', '));
  if (certificate) {
    say(`  certificate of ${certificate.subject}, by ${certificate.issuer}`);
    say(`  for ${certificate.names.join(', ')}; until ${certificate.validTo.toISOString().slice(0, 10)}`);
  }
  say(trusted ? '  trusted' : `  not trusted: ${untrustedReason}`);
}
