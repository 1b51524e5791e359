// Uses every exported type and every member, in ways that must compile. It is also compiled as use.cts, where the import is a require.
import {
  ChannelError, LoadGroup, Status, WebSocketChannel, eventService, statusName,
  type AuthRequest, type ByteStream, type Certificate, type ChannelOptions, type ChannelState, type Credentials, type HttpAnswer, type HttpResponse,
  type NotificationCallbacks, type ProgressStatus, type SecurityInfo, type SocketOptions, type StopDetail, type TlsOptions, type WebSocketEventListener, type WebSocketFrame, type WebSocketListener,
} from 'websocket-channel';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const holds = <_ extends true>(): void => {};

interface Session { readonly user: string; count: number }
const session: Session = { user: 'me', count: 0 };

// A listener's arguments have exact types without annotations, and none is `any`.
const channel = new WebSocketChannel();
channel.asyncOpen('wss://example.org/chat', 'https://app.example', {
  onStart(context) {
    holds<Same<typeof context, Session>>();
    const accepted: boolean = channel.sendMsg(`I am ${context.user}`);
    if (!accepted) context.count += 1;
  },
  onMessageAvailable(context, text) {
    holds<Same<typeof context, Session>>();
    holds<Same<typeof text, string>>();
  },
  onBinaryMessageAvailable(context, bytes) {
    holds<Same<typeof context, Session>>();
    holds<Same<typeof bytes, Uint8Array<ArrayBuffer>>>();
    channel.sendBinaryMsg(bytes);
    channel.sendBinaryMsg(bytes.buffer);
  },
  onAcknowledge(context, size) {
    holds<Same<typeof context, Session>>();
    holds<Same<typeof size, number>>();
  },
  onServerClose(context, code, reason) {
    holds<Same<typeof context, Session>>();
    holds<Same<typeof code, number>>();
    holds<Same<typeof reason, string>>();
    channel.close(code, reason);
  },
  onStop(context, status, detail) {
    holds<Same<typeof context, Session>>();
    holds<Same<typeof status, number>>();
    holds<Same<typeof detail, StopDetail>>();
    console.log(statusName(status), status === Status.NS_OK);
  },
}, session);

// If no context is given, it is undefined. A listener may have one method or none, or be an instance of a class.
new WebSocketChannel({}).asyncOpen(new URL('ws://127.0.0.1/'), null, { onStart(context) { holds<Same<typeof context, undefined>>(); } });
new WebSocketChannel(undefined).asyncOpen('http://127.0.0.1/', undefined, {});
new WebSocketChannel().asyncOpen('ws://127.0.0.1/', '', { onStop: async () => {} });

class Recorder implements WebSocketListener<Session> {
  readonly texts: string[] = [];
  onMessageAvailable(context: Session, text: string): void {
    context.count += 1;
    this.texts.push(text);
  }
}
new WebSocketChannel().asyncOpen('ws://127.0.0.1/', null, new Recorder(), session);

const every: Required<WebSocketListener<string>> = {
  onStart() {}, onMessageAvailable() {}, onBinaryMessageAvailable() {}, onAcknowledge() {}, onServerClose() {}, onStop() {},
};
new WebSocketChannel().asyncOpen('ws://127.0.0.1/', null, every, 'a context');

// What can be sent, and how a channel can be closed.
channel.sendMsg('text');
channel.sendBinaryMsg(new ArrayBuffer(1));
channel.sendBinaryMsg(new Uint8Array(1));
channel.sendBinaryMsg(new DataView(new ArrayBuffer(1)));
channel.sendBinaryMsg(new Float64Array(new SharedArrayBuffer(8)));
async function* chunks() { yield new Uint8Array(1); yield new ArrayBuffer(1); }
const source: ByteStream = chunks();
const taken: boolean = channel.sendBinaryStream(source, 2);
channel.sendBinaryStream(new ReadableStream<Uint8Array>(), 0);
channel.sendBinaryStream(new Blob(['abc']));
channel.sendBinaryStream(new Blob(['abc']), 3);
const roundTrip: Promise<number> = channel.sendPing();
void channel.sendPing('data');
void channel.sendPing(new Uint8Array(125));
holds<Same<ReturnType<typeof channel.unref>, WebSocketChannel>>();
channel.ref().unref();
channel.close();
channel.close(WebSocketChannel.CLOSE_GOING_AWAY);
channel.close(4000, 'reason');
channel.close(undefined, 'reason');

// Attributes.
const originalURI: string = channel.originalURI;
const URI: string = channel.URI;
channel.protocol = 'chat, superchat';
const protocol: string = channel.protocol;
const extensions: string = channel.extensions;
const state: ChannelState = channel.state;
const status: number = channel.status;
const bufferedAmount: number = channel.bufferedAmount;
const serial: number = channel.serial;

channel.pingInterval = 30;
channel.pingTimeout = 5;
const seconds: number = channel.pingInterval + channel.pingTimeout;

// Notification callbacks. The arguments of the functions have exact types without annotations.
channel.notificationCallbacks = {
  async onAuthRequired(request) {
    holds<Same<typeof request, AuthRequest>>();
    holds<Same<typeof request.scheme, 'Basic' | 'Digest'>>();
    return request.attempt > 1 || request.isProxy ? null : { username: request.realm, password: request.origin };
  },
  onRedirect(from, to, status) {
    holds<Same<[typeof from, typeof to, typeof status], [string, string, number]>>();
    return from === to && status === 301;
  },
  onProgress(status, host) {
    holds<Same<typeof status, ProgressStatus>>();
    holds<Same<typeof host, string>>();
    if (status === 'NS_NET_STATUS_WAITING_FOR') console.log(host);
  },
};
const credentials: Credentials = { username: 'a', password: 'b' };
channel.notificationCallbacks = { onAuthRequired: () => credentials, onRedirect: () => {} };
channel.notificationCallbacks = null;
const callbacks: NotificationCallbacks | null = channel.notificationCallbacks;
const security: SecurityInfo | null = channel.securityInfo;
const response: HttpResponse | null = channel.httpResponse;
const cookie: string | undefined = response?.headers['set-cookie'];
const leaf: Certificate | null | undefined = security?.certificate;
const expired: boolean = leaf ? leaf.validTo < new Date() : false;
const issuers: string[] = security ? security.chain.map(({ issuer }) => issuer) : [];

// The state is a union, so a switch can cover all of it.
const shown = ((it: ChannelState): string => {
  switch (it) {
    case 'idle': case 'connecting': case 'open': case 'closing': case 'stopped': return it;
    default: return it satisfies never;
  }
})(state);

// Groups.
const group: LoadGroup = new LoadGroup();
channel.loadGroup = group;
channel.loadGroup = null;
const current: LoadGroup | null = channel.loadGroup;
const active: number = group.activeCount;
for (const member of group) member.close();
const members: WebSocketChannel[] = [...group];
group.cancel();
group.cancel(Status.NS_ERROR_NET_TIMEOUT_EXTERNAL);

// The event service.
const frames: WebSocketFrame[] = [];
const watching: WebSocketEventListener = {
  webSocketCreated(serial: number, uri: string, protocols: string) {}, webSocketOpened(serial, uri, protocol, extensions) { const text: string = uri + protocol + extensions; return text; },
  webSocketMessageAvailable(serial, data, type) { if (type === 'binary' && typeof data !== 'string') holds<Same<typeof data, Uint8Array<ArrayBuffer>>>(); },
  webSocketClosed(serial, wasClean, code, reason) { const clean: boolean = wasClean; const number: number = code; return [clean, number, reason]; },
  frameSent(serial, { timeStamp, finBit, rsvBit1, rsvBit2, rsvBit3, opCode, maskBit, mask, payload }) {
    const all: [number, boolean, boolean, boolean, boolean, number, boolean, number, Uint8Array] = [timeStamp, finBit, rsvBit1, rsvBit2, rsvBit3, opCode, maskBit, mask, payload];
    return all;
  },
  frameReceived(serial, frame) { frames.push(frame); },
};
eventService.addListener(watching);
const wasThere: boolean = eventService.removeListener(watching);

// Options.
const options: Required<ChannelOptions> = {
  openTimeoutMs: 1, closeTimeoutMs: 1, maxMessageSize: 1, signal: new AbortController().signal, headers: { Cookie: 'a=b' },
  tls: { ca: '', rejectUnauthorized: true }, socket: { family: 4 }, deflate: false, redirects: 5, proxy: null,
  oneConnectingPerHost: true, http2: true,
};
new WebSocketChannel({ headers: new Headers([['Cookie', 'a=b']]) });
new WebSocketChannel({ headers: [['Cookie', 'a=b']], openTimeoutMs: null, closeTimeoutMs: undefined, tls: null, signal: AbortSignal.timeout(5) });
const tls: TlsOptions = { servername: 'example.org' };
const socket: SocketOptions = { path: '/run/server.sock' };
new WebSocketChannel({ tls, socket });
new WebSocketChannel({ proxy: 'env' });
new WebSocketChannel({ proxy: new URL('socks5://127.0.0.1:1080') });
const configured = new WebSocketChannel(options);

// The detail in onStop.
function explain(detail: StopDetail): string {
  const { name, message, wasClean, code, reason, closedBy, http, cause, timeout } = detail;
  holds<Same<typeof name, keyof typeof Status | null>>();
  holds<Same<typeof message, string>>();
  holds<Same<typeof wasClean, boolean>>();
  holds<Same<typeof code, number>>();
  holds<Same<typeof reason, string>>();
  holds<Same<typeof closedBy, 'local' | 'remote' | null>>();
  holds<Same<typeof cause, Error | null>>();
  holds<Same<typeof timeout, 'open' | 'close' | 'ping' | null>>();
  const answer: HttpAnswer | null = http;
  return answer ? `${answer.status} ${answer.headers['content-type'] ?? ''} ${answer.body}` : message;
}

// Errors and statuses.
try {
  configured.asyncOpen('nonsense', null, {});
} catch (error) {
  if (error instanceof ChannelError) {
    const text: string = error.name + error.message + (error.stack ?? '');
    const code: string = error.code;
    const result: number = error.result;
    const cause: unknown = error.cause;
    console.log(text, code, result === Status.NS_ERROR_MALFORMED_URI, cause);
  }
}
const name: keyof typeof Status | undefined = statusName(0x804B0002);
holds<Same<typeof Status.NS_BINDING_ABORTED, 0x804B0002>>();
holds<Same<typeof WebSocketChannel.CLOSE_NORMAL, 1000>>();
holds<Same<typeof WebSocketChannel.compressionMemory, number>>();
WebSocketChannel.compressionMemory = 16 << 20;
WebSocketChannel.compressionMemory = null;

export { URI, active, bufferedAmount, callbacks, cookie, current, expired, explain, extensions, issuers, members, name, originalURI, protocol, roundTrip, seconds, serial, shown, status, taken };
