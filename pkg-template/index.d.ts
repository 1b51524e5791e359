/** Every listener method is optional. `context` is what `asyncOpen` was given. */
export interface WebSocketListener<Context = undefined> {
  /** First call, exactly once. On a channel that never opened, `onStop` follows directly. */
  onStart?(context: Context): void;
  /** A text message. */
  onMessageAvailable?(context: Context, text: string): void;
  /** A binary message. The memory is yours; several messages may share one `ArrayBuffer`. */
  onBinaryMessageAvailable?(context: Context, bytes: Uint8Array<ArrayBuffer>): void;
  /** The host has taken one sent message of `size` payload bytes. */
  onAcknowledge?(context: Context, size: number): void;
  /** The peer's close frame came; `code` is 1005 if it carried none. Unless you call `close()` here, the channel answers. */
  onServerClose?(context: Context, code: number, reason: string): void;
  /** Last call, exactly once. `status` is `Status.NS_OK` if both close frames were exchanged. */
  onStop?(context: Context, status: number, detail: StopDetail): void;
}

/** What is known of a channel's end. */
export interface StopDetail {
  /** The status's name, such as `NS_ERROR_NET_RESET`. */
  readonly name: string;
  /** What happened, in a sentence. */
  readonly message: string;
  /** Both close frames were exchanged. */
  readonly wasClean: boolean;
  /** The peer's close code; 1005 if its frame carried none, 1006 if no close frame came. */
  readonly code: number;
  /** The peer's reason. */
  readonly reason: string;
  /** Who closed first. */
  readonly closedBy: 'local' | 'remote' | null;
  /** Node: the last HTTP response, if it was no upgrade. */
  readonly http: HttpAnswer | null;
  /** Node: the system's error. Also what a stream, or one of the notificationCallbacks, threw. */
  readonly cause: Error | null;
  /** Which wait was too long. */
  readonly timeout: 'open' | 'close' | 'ping' | null;
}

/** An HTTP response that is no upgrade. */
export interface HttpAnswer {
  readonly status: number;
  /** Lower-case names; values of headers that came twice are joined with a comma. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its beginning, at most 4 KiB. */
  readonly body: string;
}

/** What the constructor takes. It refuses unknown names. `null` and `undefined` mean an option's default. */
export interface ChannelOptions {
  /** How long opening may take, from `asyncOpen` on, in milliseconds. Default 20 000. */
  openTimeoutMs?: number | null;
  /** How long to wait for the peer's close frame, in milliseconds. Default 20 000. */
  closeTimeoutMs?: number | null;
  /** The longest message, in payload bytes. Default 128 MiB. */
  maxMessageSize?: number | null;
  /** Aborting it cancels the channel with NS_BINDING_ABORTED; its reason becomes the detail's `cause`. */
  signal?: AbortSignalLike | null;
  /** Node only: extra request headers. */
  headers?: Readonly<Record<string, string>> | Iterable<readonly [string, string]> | null;
  /** Node only: what `tls.connect` takes (ca, cert, key, servername, rejectUnauthorized …). */
  tls?: TlsOptions | null;
  /** Node only: what `net.connect` takes (family, localAddress, path, lookup …). */
  socket?: SocketOptions | null;
  /** Node only: permessage-deflate (RFC 7692), which is offered unless this is `false`. */
  deflate?: false | DeflateOptions | null;
  /** Node only: how many redirects to follow, 0 to 1000. Default 10. */
  redirects?: number | null;
  /**
   * Node only: `http://`, `https://` or `socks5://`, with `user:password@` if it asks for them. `'env'` reads https_proxy, http_proxy,
   * all_proxy and no_proxy. Default: no proxy.
   */
  proxy?: string | UrlLike | null;
}

/** Node only: the options of `tls.connect` without those that the URI and the channel decide. Exact where @types/node is installed. */
export type TlsOptions = IsUnknown<NodeTlsOptions> extends true ? object
  : Omit<NodeTlsOptions, 'host' | 'port' | 'path' | 'socket' | 'onread' | 'allowHalfOpen'>;

/** Node only: the options of `net.connect` without those that the URI and the channel decide. Exact where @types/node is installed. */
export type SocketOptions = IsUnknown<NodeTcpOptions> extends true ? object
  : Omit<NodeTcpOptions, 'host' | 'port' | 'fd' | 'onread' | 'allowHalfOpen'> & { /** A unix socket. */ path?: string | undefined };

// Without @types/node the next two names are unknown, and `any`: the only type that is assignable to a property it does not have.
// @ts-ignore
type NodeTlsOptions = import('node:tls').ConnectionOptions;
// @ts-ignore
type NodeTcpOptions = import('node:net').TcpNetConnectOpts;
type IsUnknown<Type> = [Type] extends [{ readonly noSuchProperty: never }] ? true : false;

// The classes of the DOM and of Node, by what is needed of them: these types also compile where neither's are there.
/** A `URL`. */
export interface UrlLike {
  readonly href: string;
  readonly searchParams: object;
}

/** A `Blob`. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): PromiseLike<ArrayBuffer>;
  stream(): object;
}

/** An `AbortSignal`. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Node only: what a channel asks and tells while it opens. Every function is optional. */
export interface NotificationCallbacks {
  /**
   * The server answered 401 and wants a user name and password. null gives up. A wrong answer is asked again, ten times at most for an
   * origin. openTimeoutMs goes on meanwhile.
   */
  onAuthRequired?(request: AuthRequest): Credentials | null | undefined | PromiseLike<Credentials | null | undefined>;
  /** A redirect is about to be followed; false forbids it, and the channel stops with NS_ERROR_DOM_BAD_URI. */
  onRedirect?(from: string, to: string, status: number): unknown;
  /** How far it is; again from the beginning for each redirect and each new request. */
  onProgress?(status: ProgressStatus, host: string): void;
}

/** Who asks for a user name and password. */
export interface AuthRequest {
  readonly scheme: 'Basic' | 'Digest';
  /** What they are for, in the server's words. */
  readonly realm: string;
  /** Such as `wss://example.org`. */
  readonly origin: string;
  /** A proxy asks. */
  readonly isProxy: boolean;
  /** 1 for the first time this origin asks. */
  readonly attempt: number;
}

/** A user name and a password. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Gecko's names for how far a connection is. Names rather than numbers: two of the numbers are errors', too. */
export type ProgressStatus =
  | 'NS_NET_STATUS_RESOLVING_HOST'
  | 'NS_NET_STATUS_RESOLVED_HOST'
  | 'NS_NET_STATUS_CONNECTING_TO'
  | 'NS_NET_STATUS_CONNECTED_TO'
  | 'NS_NET_STATUS_TLS_HANDSHAKE_STARTING'
  | 'NS_NET_STATUS_TLS_HANDSHAKE_ENDED'
  | 'NS_NET_STATUS_SENDING_TO'
  | 'NS_NET_STATUS_WAITING_FOR';

/** What is known of a TLS connection. */
export interface SecurityInfo {
  /** Such as `TLSv1.3`. */
  readonly protocol: string | null;
  /** The cipher suite's IANA name. */
  readonly cipher: string | null;
  /** The application protocol that the server chose. */
  readonly alpn: string | null;
  /** The name the server was asked for by (SNI); null for an IP address. */
  readonly serverName: string | null;
  /** The session was resumed; Node then may know no certificate. */
  readonly sessionReused: boolean;
  /** Whether the certificate is trusted. */
  readonly trusted: boolean;
  /** Why not: OpenSSL's or Node's code, such as `CERT_HAS_EXPIRED`. */
  readonly untrustedReason: string | null;
  /** The server's certificate, the first of the chain. */
  readonly certificate: Certificate | null;
  /** The server's certificate, then each one's issuer as far as it is known. */
  readonly chain: readonly Certificate[];
}

/** An X.509 certificate. */
export interface Certificate {
  /** Such as `O=Example, CN=example.org`. */
  readonly subject: string;
  readonly issuer: string;
  /** Subject alternative names, such as `DNS:example.org` and `IP Address:127.0.0.1`. */
  readonly names: readonly string[];
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Hexadecimal. */
  readonly serialNumber: string;
  /** SHA-256, such as `AB:CD:…`. */
  readonly fingerprint256: string;
  /** The certificate itself. */
  readonly der: Uint8Array<ArrayBuffer>;
}

/** What `sendBinaryStream` takes: bytes that come as they go. `ReadableStream`s, Node's `Readable`s and generators are such. */
export type ByteStream =
  | AsyncIterable<ArrayBuffer | ArrayBufferView>
  | { getReader(): { read(): PromiseLike<{ done: boolean; value?: ArrayBuffer | ArrayBufferView | undefined }> } };

/** How permessage-deflate is offered and used. */
export interface DeflateOptions {
  /** Messages of fewer bytes go uncompressed. Default 128, and 1024 if each message is compressed by itself. */
  threshold?: number;
  /** zlib's level, 0 to 9. Default 6. */
  level?: number;
  /** The largest window we compress with, 8 to 15; `false` does not let the server limit it. With 8 nothing is compressed. */
  clientMaxWindowBits?: number | false;
  /** The largest window the server may compress with, 8 to 15; a server that does not agree is refused. */
  serverMaxWindowBits?: number;
  /** Compress each message by itself. */
  clientNoContextTakeover?: boolean;
  /** Ask the server to compress each message by itself; a server that does not agree is refused. */
  serverNoContextTakeover?: boolean;
}

/** A channel's state, in the order it goes through them. */
export type ChannelState = 'idle' | 'connecting' | 'open' | 'closing' | 'stopped';

/** Gecko's nsIWebSocketChannel. Throws `ChannelError`s; what goes wrong later reaches the listener's `onStop`. */
export class WebSocketChannel {
/*{{CLOSE_CODES}}*/
  constructor(options?: ChannelOptions);

  /**
   * Opens the connection. Returns at once; no listener method is called before it has returned.
   * @param uri ws or wss (http and https are taken as those), absolute, without a fragment
   * @param origin sent as the Origin header; null or "" for none. In a browser: null, "" or the page's own
   * @throws ChannelError NS_ERROR_MALFORMED_URI, NS_ERROR_INVALID_ARG, NS_ERROR_NOT_IMPLEMENTED, NS_ERROR_ALREADY_OPENED
   */
  asyncOpen(uri: string | UrlLike, origin: string | null | undefined, listener: WebSocketListener<undefined>): void;
  asyncOpen<Context>(
    uri: string | UrlLike,
    origin: string | null | undefined,
    listener: WebSocketListener<Context>,
    context: Context,
  ): void;

  /**
   * Sends a text message; whether it was accepted. Lone surrogates become U+FFFD.
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_INVALID_ARG
   */
  sendMsg(text: string): boolean;

  /**
   * Sends a binary message; whether it was accepted. The bytes are taken at once: change them as you like afterwards.
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_INVALID_ARG
   */
  sendBinaryMsg(data: ArrayBuffer | ArrayBufferView): boolean;

  /**
   * Sends one binary message of `length` bytes from a stream; whether it was accepted. Other sends and `close` wait behind it. It is read
   * when its turn comes, and in Node no faster than the peer takes it; a browser collects it first. A stream of another length, or that
   * fails, ends the channel with NS_ERROR_UNEXPECTED; a channel that ends first cancels the stream.
   * @param length in bytes; of a Blob it may be left out
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_INVALID_ARG
   */
  sendBinaryStream(stream: ByteStream, length: number): boolean;
  sendBinaryStream(stream: BlobLike, length?: number): boolean;

  /**
   * Node only: sends a ping; the milliseconds until its pong. Rejects with a ChannelError if the channel ends before. Nobody need wait for it.
   * @param data at most 125 bytes
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_INVALID_ARG, NS_ERROR_NOT_IMPLEMENTED in a browser
   */
  sendPing(data?: string | ArrayBuffer | ArrayBufferView): Promise<number>;

  /**
   * Closes behind all queued messages; while connecting, cancels.
   * @param code 1000 (default) to 1004, 1007 to 1014, 3000 to 4999; a browser sends only 1000 and 3000 to 4999
   * @param reason at most 123 bytes of UTF-8
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_INVALID_ARG
   */
  close(code?: number, reason?: string): void;

  /**
   * Reads no more from the socket until `resume` was called as often, so that in the end the peer cannot write: for a listener that
   * cannot keep up. What has been read already, up to 64 KiB, still comes. `close` reads on, for the peer's close frame.
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_NOT_IMPLEMENTED in a browser
   */
  suspend(): void;

  /**
   * Undoes one `suspend`.
   * @throws ChannelError as `suspend`, and NS_ERROR_UNEXPECTED if the channel is not suspended
   */
  resume(): void;

  /** In Node: this channel keeps the process alive, as it does unless `unref` was called. In a browser it does nothing. */
  ref(): this;

  /** In Node: this channel does not keep the process alive. In a browser it does nothing. */
  unref(): this;

  /** What `asyncOpen` was given, parsed. Throws NS_ERROR_NOT_INITIALIZED before. */
  readonly originalURI: string;
  /** The same after redirects. Throws NS_ERROR_NOT_INITIALIZED before `asyncOpen`. */
  readonly URI: string;
  /** Before `asyncOpen`: the subprotocols to ask for, comma separated. Once open: the one selected, or "". */
  protocol: string;
  /** The response's Sec-WebSocket-Extensions header, or "". */
  readonly extensions: string;
  /** Node, wss: from the end of the TLS handshake on, also if the certificate was not trusted. Otherwise null. */
  readonly securityInfo: SecurityInfo | null;
  /** Node only: who is asked and told while the channel opens. A browser takes null alone. */
  notificationCallbacks: NotificationCallbacks | null;
  /** Node only, write before `asyncOpen`: after so many seconds in which nothing came, a ping. Default 0: none. */
  pingInterval: number;
  /** Node only, write before `asyncOpen`: so many seconds after such a ping the channel stops, unless something came. Default 10. */
  pingTimeout: number;
  /** The group the channel is a member of, from `asyncOpen` to `onStop`. */
  loadGroup: LoadGroup | null;
  /** Where the channel is in its life. */
  readonly state: ChannelState;
  /** `Status.NS_OK` until the channel failed; what `onStop` reports from then on. */
  readonly status: number;
  /** Payload bytes accepted and not yet acknowledged. */
  readonly bufferedAmount: number;
  /** A number unique in this process. */
  readonly serial: number;
}

/** The channels that were opened with it and have not stopped. */
export class LoadGroup implements Iterable<WebSocketChannel> {
  /** How many channels are active. */
  readonly activeCount: number;
  /** Ends every active channel; each gets its `onStop` with `status` (NS_BINDING_ABORTED unless another is given). */
  cancel(status?: number): void;
  [Symbol.iterator](): IterableIterator<WebSocketChannel>;
}

/** What this package throws. */
export class ChannelError extends Error {
  private constructor();
  /** The NS_ERROR name. */
  readonly name: string;
  /** Its 32-bit number. */
  readonly result: number;
}

/** The nsresult values of this package, by name. */
export const Status: {
/*{{STATUSES}}*/
};

/** The name of an nsresult, or undefined if it is none of this package's. */
export function statusName(status: number): keyof typeof Status | undefined;

// Nothing is exported that does not say so.
export {};
