/** Every listener method is optional. `context` is what `asyncOpen` or `asyncAccept` was given. */
export interface WebSocketListener<Context = undefined> {
  /**
   * The first call, exactly once. It is also called on a channel that never opened, right before `onStop`: check `channel.state` before you do
   * anything that only makes sense on an open channel, such as resetting a retry delay.
   */
  onStart?: ((context: Context) => void) | null | undefined;
  /** A text message arrived. */
  onMessageAvailable?: ((context: Context, text: string) => void) | null | undefined;
  /** A binary message arrived. You may keep and change the bytes. Messages that arrive together share one `ArrayBuffer`: use `slice()` before you transfer it. */
  onBinaryMessageAvailable?: ((context: Context, bytes: Uint8Array<ArrayBuffer>) => void) | null | undefined;
  /** The operating system (in a browser, the browser) has taken one sent message of `size` payload bytes. */
  onAcknowledge?: ((context: Context, size: number) => void) | null | undefined;
  /** The peer's close frame arrived; `code` is 1005 if it had none. Unless you call `close()` here, the channel answers with the same code. */
  onServerClose?: ((context: Context, code: number, reason: string) => void) | null | undefined;
  /** The last call, exactly once. `status` is `Status.NS_OK` if both close frames were exchanged, and otherwise names the cause. */
  onStop?: ((context: Context, status: number, detail: StopDetail) => void) | null | undefined;
}

/** How a channel ended, as far as the host knows. */
export interface StopDetail {
  /** The status's name, such as `NS_ERROR_NET_RESET`. null if the status is a number of your own, passed to `LoadGroup.cancel`. */
  readonly name: keyof typeof Status | null;
  /** What happened and, where there is something that you can do, what: in sentences. */
  readonly message: string;
  /** Whether both close frames were exchanged. */
  readonly wasClean: boolean;
  /** The code of the peer's close frame: 1005 if it had none, 1006 if no close frame arrived. */
  readonly code: number;
  /** The reason in the peer's close frame, or "". */
  readonly reason: string;
  /** Which end closed first: yours or the peer's; null if neither did, or if this package did because of an error. */
  readonly closedBy: 'local' | 'remote' | null;
  /** Node: the HTTP response that ended the opening, if one did. Otherwise null. */
  readonly http: HttpAnswer | null;
  /** Node: the system's error. On every host: the reason of `signal`, or what a stream or a callback threw. Otherwise null. */
  readonly cause: Error | null;
  /** Which timeout expired, if one did. */
  readonly timeout: 'open' | 'close' | 'ping' | null;
}

/** The status and headers of an HTTP response. */
export interface HttpResponse {
  readonly status: number;
  /** Names are in lower case. If a header occurs several times, its values are joined with ", ". */
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** An HTTP response that is not an upgrade. */
export interface HttpAnswer extends HttpResponse {
  /** The first 4 KiB at most, decoded as UTF-8. */
  readonly body: string;
}

/**
 * The constructor's options. It throws for unknown names and unusable values. `null` and `undefined` mean an option's default on every host. In a
 * browser, an option marked "Node only" throws NS_ERROR_NOT_IMPLEMENTED.
 */
export interface ChannelOptions {
  /** How long opening may take, in milliseconds from `asyncOpen` on, 1 to 2,147,483,647. Default 20,000. */
  openTimeoutMs?: number | null | undefined;
  /** How long to wait for the peer's close frame, in milliseconds, 1 to 2,147,483,647. Default 20,000. */
  closeTimeoutMs?: number | null | undefined;
  /** The longest message that may arrive, in payload bytes, on the wire and inflated, 1 to 536,870,888. Default 134,217,728 (128 MiB). */
  maxMessageSize?: number | null | undefined;
  /** Aborting it cancels the channel: `onStop` gets NS_BINDING_ABORTED, and the signal's reason is the detail's `cause`. */
  signal?: AbortSignalLike | null | undefined;
  /**
   * Whether to wait until no other channel with this option is connecting to the same host and port (RFC 6455 §4.1). Default false. A browser
   * always does.
   */
  oneConnectingPerHost?: boolean | null | undefined;
  /** Node only: extra request headers, as `fetch` takes them: an object, pairs, or `Headers`. */
  headers?: Readonly<Record<string, string>> | Iterable<readonly [string, string]> | (IsUnknown<HostHeaders> extends true ? never : HostHeaders) | null | undefined;
  /** Node only: what `tls.connect` takes (ca, cert, key, servername, rejectUnauthorized …). */
  tls?: TlsOptions | null | undefined;
  /** Node only: what `net.connect` takes (family, localAddress, path, lookup …). */
  socket?: SocketOptions | null | undefined;
  /** Node only: permessage-deflate (RFC 7692). It is offered unless this is `false`. */
  deflate?: false | DeflateOptions | null | undefined;
  /** Node only: how many redirects to follow, 0 to 1000. Default 10. */
  redirects?: number | null | undefined;
  /**
   * Node only: an `http://`, `https://` or `socks5://` URI, with `user:password@` if the proxy requires it. `'env'` reads https_proxy, http_proxy,
   * all_proxy and no_proxy. Default: no proxy.
   */
  proxy?: string | UrlLike | null | undefined;
  /**
   * Node only: whether to offer HTTP/2 over TLS (RFC 8441). Channels to the same server then share a session, each as a stream. If the server
   * does not support this, the channel opens over HTTP/1.1, in the same `asyncOpen`. Default false.
   */
  http2?: boolean | null | undefined;
}

/** Node only: the options of `tls.connect`, without those that the URI and the channel decide. Exact where @types/node is installed. */
export type TlsOptions = IsUnknown<NodeTlsOptions> extends true ? object
  : Omit<NodeTlsOptions, 'host' | 'port' | 'path' | 'socket' | 'onread' | 'allowHalfOpen'>;

/** Node only: the options of `net.connect`, without those that the URI and the channel decide. Exact where @types/node is installed. */
export type SocketOptions = IsUnknown<NodeTcpOptions> extends true ? object
  : Omit<NodeTcpOptions, 'host' | 'port' | 'fd' | 'onread' | 'allowHalfOpen'> & { /** The path of a unix socket. */ path?: string | undefined };

// Without @types/node the next two types are unknown, which makes them `any`. `IsUnknown` recognizes `any`: no other type has every property.
// @ts-ignore
type NodeTlsOptions = import('node:tls').ConnectionOptions;
// @ts-ignore
type NodeTcpOptions = import('node:net').TcpNetConnectOpts;
type IsUnknown<Type> = [Type] extends [{ readonly noSuchProperty: never }] ? true : false;

// Only the parts of DOM and Node classes that are needed here, so that these types compile without either.
/** A `URL`. */
export interface UrlLike {
  readonly href: string;
  readonly searchParams: object;
  toJSON(): string;
}

/** A `Blob`. */
export interface BlobLike {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): PromiseLike<ArrayBuffer>;
  stream(): object;
}

/** A request of `node:http`. */
export interface UpgradeRequest {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly httpVersion: string;
  readonly rawHeaders: readonly string[];
}

/** The fields of an extended CONNECT, as the event `stream` of a `node:http2` server has them. */
export interface StreamFields {
  readonly [name: string]: string | readonly string[] | number | undefined;
}

/** The socket of an upgrade request: a `net.Socket`, a `tls.TLSSocket` or another `Duplex`; over HTTP/2, a `ServerHttp2Stream`. */
export interface UpgradeSocket {
  readonly destroyed: boolean;
  on(event: string, listener: () => void): this;
  once(event: string, listener: () => void): this;
  write(data: Uint8Array): boolean;
  end(): unknown;
  destroy(): unknown;
  pause(): unknown;
  resume(): unknown;
}

/** An `AbortSignal`. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Node only: functions that a channel calls while it opens. Each is optional. */
export interface NotificationCallbacks {
  /**
   * The server or a proxy asks for a user name and password. Return null to give up. If they are rejected, it is called again, at most ten times
   * for one origin. openTimeoutMs keeps running. If it throws, that counts as giving up.
   */
  onAuthRequired?: ((request: AuthRequest) => Credentials | null | undefined | PromiseLike<Credentials | null | undefined>) | null | undefined;
  /**
   * A redirect is about to be followed. Return false, or a promise for false, to forbid it: the channel then stops with NS_ERROR_DOM_BAD_URI. If it
   * throws, that also forbids the redirect.
   */
  onRedirect?: ((from: string, to: string, status: number) => unknown) | null | undefined;
  /** How far the connection has come, and with which host. It starts again for each redirect and each new request. */
  onProgress?: ((status: ProgressStatus, host: string) => void) | null | undefined;
}

/** Who asks for a user name and password, and how. */
export interface AuthRequest {
  /** How they will be sent. */
  readonly scheme: 'Basic' | 'Digest';
  /** What they are for, as the server describes it. */
  readonly realm: string;
  /** The origin that asks, such as `wss://example.org`. */
  readonly origin: string;
  /** Whether a proxy asks. */
  readonly isProxy: boolean;
  /** 1 for the first call for this origin, then 2, and so on. */
  readonly attempt: number;
}

/** A user name and a password. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Gecko's names for how far a connection has come. They are not numbers, because two of Gecko's numbers are also error numbers. */
export type ProgressStatus =
  | 'NS_NET_STATUS_RESOLVING_HOST'
  | 'NS_NET_STATUS_RESOLVED_HOST'
  | 'NS_NET_STATUS_CONNECTING_TO'
  | 'NS_NET_STATUS_CONNECTED_TO'
  | 'NS_NET_STATUS_TLS_HANDSHAKE_STARTING'
  | 'NS_NET_STATUS_TLS_HANDSHAKE_ENDED'
  | 'NS_NET_STATUS_SENDING_TO'
  | 'NS_NET_STATUS_WAITING_FOR';

/** A TLS connection. */
export interface SecurityInfo {
  /** The version, such as `TLSv1.3`. */
  readonly protocol: string | null;
  /** The cipher suite's IANA name. */
  readonly cipher: string | null;
  /** The application protocol that the server chose. */
  readonly alpn: string | null;
  /** The server name that the client asked for (SNI); null for an IP address. */
  readonly serverName: string | null;
  /** Whether an earlier session was resumed. Node may then have no certificate to show. */
  readonly sessionReused: boolean;
  /** Whether the certificate is trusted. */
  readonly trusted: boolean;
  /**
   * Why it is not trusted: OpenSSL's or Node's code, such as `CERT_HAS_EXPIRED`, or
   * `ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE` if the client sent none. Otherwise null.
   */
  readonly untrustedReason: string | null;
  /** The peer's certificate, the first of the chain: the server's, or on an accepted channel the client's. */
  readonly certificate: Certificate | null;
  /** The peer's certificate, then the issuer of each certificate, as far as known. */
  readonly chain: readonly Certificate[];
}

/** An X.509 certificate. */
export interface Certificate {
  /** Such as `O=Example, CN=example.org`. */
  readonly subject: string;
  /** In the same form. */
  readonly issuer: string;
  /** Subject alternative names, such as `DNS:example.org` and `IP Address:127.0.0.1`. */
  readonly names: readonly string[];
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Hexadecimal. */
  readonly serialNumber: string;
  /** SHA-256, such as `AB:CD:…`. */
  readonly fingerprint256: string;
  /** The whole certificate in DER. */
  readonly der: Uint8Array<ArrayBuffer>;
}

/** What `sendBinaryStream` takes: a source of bytes, such as a `ReadableStream`, Node's `Readable` or an async generator. */
export type ByteStream =
  | AsyncIterable<ArrayBuffer | ArrayBufferView>
  | { getReader(): { read(): PromiseLike<{ done: boolean; value?: ArrayBuffer | ArrayBufferView | undefined }> } };

/** How permessage-deflate (RFC 7692) is offered and used. */
export interface DeflateOptions {
  /** Messages of fewer bytes are sent uncompressed. Default 128, or 1024 if each message is compressed separately. */
  threshold?: number | null | undefined;
  /** zlib's level, 0 to 9. Default 6. */
  level?: number | null | undefined;
  /** The largest window for what the client compresses, as a power of two, 8 to 15. `false`: the server may not set a limit. With 8, nothing is compressed. */
  clientMaxWindowBits?: number | false | null | undefined;
  /** The largest window for what the server compresses, as a power of two, 8 to 15. If a server compresses without agreeing to this, the client's channel does not open. */
  serverMaxWindowBits?: number | null | undefined;
  /** The client compresses each message separately. Default false. */
  clientNoContextTakeover?: boolean | null | undefined;
  /** The server compresses each message separately. If it compresses without agreeing to this, the client's channel does not open. Default false. */
  serverNoContextTakeover?: boolean | null | undefined;
}

/** A channel's state. It only moves forward through this list. */
export type ChannelState = 'idle' | 'connecting' | 'open' | 'closing' | 'stopped';

/** Gecko's nsIWebSocketChannel. Wrong arguments throw a `ChannelError`. Whatever goes wrong later is reported to the listener's `onStop`. */
export class WebSocketChannel {
/*{{CLOSE_CODES}}*/
  /**
   * How much memory the compression contexts of all channels of this thread may take together, in bytes. Default 67,108,864 (64 MiB); null and
   * undefined set the default. Beyond it, the channels whose contexts were not used for the longest time give them up. In a browser it is 0 and cannot be set.
   * @throws ChannelError NS_ERROR_INVALID_ARG unless it is a whole number from 0 to 4,294,967,295; NS_ERROR_NOT_IMPLEMENTED in a browser
   */
  static get compressionMemory(): number;
  static set compressionMemory(bytes: number | null | undefined);
  /**
   * Makes an idle channel.
   * @throws ChannelError NS_ERROR_INVALID_ARG for an unknown option or an unusable value; NS_ERROR_NOT_IMPLEMENTED in a browser for an option of
   *   Node's; NS_ERROR_NOT_AVAILABLE where WebAssembly cannot be used
   */
  constructor(options?: ChannelOptions | null);

  /**
   * Starts to open the channel and returns at once. It calls no method of the listener before it has returned. If it throws, the channel
   * stays unopened.
   * @param uri ws or wss (http and https count as these), without a fragment. In a page it may be relative to the document
   * @param origin sent as the Origin header; null or "" for none. In a browser: null, "" or the page's own origin
   * @param listener any object; its methods are optional
   * @param context passed to each method of the listener
   * @throws ChannelError NS_ERROR_MALFORMED_URI, NS_ERROR_INVALID_ARG, NS_ERROR_NOT_IMPLEMENTED, NS_ERROR_ALREADY_OPENED; in Node also
   * NS_ERROR_OUT_OF_MEMORY, and NS_ERROR_UNEXPECTED if `crypto.getRandomValues` fails; in the browser build NS_ERROR_NOT_AVAILABLE where there is no `WebSocket`
   */
  asyncOpen(uri: string | UrlLike, origin: string | null | undefined, listener: WebSocketListener<undefined>): void;
  asyncOpen<Context>(
    uri: string | UrlLike,
    origin: string | null | undefined,
    listener: WebSocketListener<Context>,
    context: Context,
  ): void;

  /**
   * Node only: takes over an upgrade request of a `node:http` or `node:https` server, in its event `upgrade`. The request is checked (RFC 6455
   * §4.2.1) and answered at once. If it is accepted, the channel is open when the call returns. The listener is called later: `onStart`, then the same
   * methods as on a channel that was opened by `asyncOpen`. If it is not accepted, the client gets an HTTP response that says why (400, 405, 426, or over
   * HTTP/2 501), and the listener gets `onStart` and `onStop`. A stream of `node:http2` is accepted the same way: pass the request of the event `connect`
   * and that request's `stream`, and no head. On a server without a request handler, you can instead pass the headers and the stream of the event `stream`.
   * Before the call, set `protocol` to the subprotocols that you support, the preferred one first. The option `headers` is added to the response that
   * accepts, and `deflate` says which compression is accepted. Options that concern opening a connection are not used.
   * @param request the event's request
   * @param socket the event's socket, which belongs to the channel from now on
   * @param head the event's head: the bytes that came right behind the request
   * @throws ChannelError NS_ERROR_INVALID_ARG, NS_ERROR_ALREADY_OPENED, NS_ERROR_OUT_OF_MEMORY; NS_ERROR_NOT_IMPLEMENTED in a browser
   */
  asyncAccept(request: UpgradeRequest | StreamFields, socket: UpgradeSocket, head: ArrayBuffer | ArrayBufferView | null | undefined, listener: WebSocketListener<undefined>): void;
  asyncAccept<Context>(
    request: UpgradeRequest | StreamFields,
    socket: UpgradeSocket,
    head: ArrayBuffer | ArrayBufferView | null | undefined,
    listener: WebSocketListener<Context>,
    context: Context,
  ): void;

  /**
   * Node only: answers an upgrade request with a status other than 101, and ends the connection (over HTTP/2, its stream). The option `headers` is added to
   * the response. The channel stays idle. A request can be accepted or refused once.
   * @param status 300 to 599
   * @param body text for people; none by default
   * @throws ChannelError NS_ERROR_INVALID_ARG, NS_ERROR_ALREADY_OPENED, NS_ERROR_OUT_OF_MEMORY; NS_ERROR_NOT_IMPLEMENTED in a browser
   */
  refuse(request: UpgradeRequest | StreamFields, socket: UpgradeSocket, status: number, body?: string): void;

  /**
   * Sends a text message, or queues it while connecting. Lone surrogates become U+FFFD.
   * @returns whether it was accepted: false once the channel is closing or stopped
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_INVALID_ARG, NS_ERROR_OUT_OF_MEMORY in Node
   */
  sendMsg(text: string): boolean;

  /**
   * Sends a binary message, or queues it while connecting. You may change the bytes as soon as the call has returned.
   * @returns whether it was accepted: false once the channel is closing or stopped
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_INVALID_ARG, NS_ERROR_OUT_OF_MEMORY in Node
   */
  sendBinaryMsg(data: ArrayBuffer | ArrayBufferView): boolean;

  /**
   * Sends one binary message of `length` bytes from a stream. Later messages and `close` wait behind it. The stream is read when its turn comes:
   * in Node no faster than the peer takes it, and sent in frames of 64 KiB; in a browser it is collected first. If the stream fails or has the wrong length, the channel ends
   * with NS_ERROR_UNEXPECTED. If the channel ends first, the stream is cancelled. If this returns false, the stream is not touched.
   * @param length in bytes; may be left out for a Blob
   * @returns whether it was accepted: false once the channel is closing or stopped
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_INVALID_ARG, NS_ERROR_OUT_OF_MEMORY in Node
   */
  sendBinaryStream(stream: ByteStream | BlobLike, length: number): boolean;
  sendBinaryStream(stream: BlobLike, length?: number): boolean;

  /**
   * Node only: sends a ping.
   * @param data at most 125 bytes
   * @returns a promise for the milliseconds until the pong. It rejects with a ChannelError if the channel ends first, is closing, or has 1024 unanswered
   *   pings (NS_ERROR_NOT_AVAILABLE). You need not handle the rejection
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_INVALID_ARG, NS_ERROR_NOT_IMPLEMENTED in a browser
   */
  sendPing(data?: string | ArrayBuffer | ArrayBufferView): Promise<number>;

  /**
   * Sends the close frame after all queued messages. While connecting, it cancels the channel: `onStart`, then `onStop` with NS_BINDING_ABORTED.
   * @param code 1000 (the default) to 1004, 1007 to 1014, 3000 to 4999. A browser sends only 1000 and 3000 to 4999
   * @param reason at most 123 bytes of UTF-8
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_INVALID_ARG
   */
  close(code?: number, reason?: string): void;

  /**
   * Node only: stops reading until `resume` has been called as many times. TCP back-pressure then stops the peer. Use it when the listener cannot keep
   * up. What was already read is still delivered: up to 64 KiB as counted on the wire. `close` starts reading again, to see the peer's close frame.
   * @throws ChannelError NS_ERROR_NOT_CONNECTED before asyncOpen, NS_ERROR_NOT_IMPLEMENTED in a browser
   */
  suspend(): void;

  /**
   * Node only: undoes one `suspend`.
   * @throws ChannelError the same as `suspend`, and NS_ERROR_UNEXPECTED if the channel is not suspended (unless it has stopped)
   */
  resume(): void;

  /** Makes this channel keep the Node process alive, which is the default. In a browser it does nothing. */
  ref(): this;

  /** Lets the Node process end even while this channel is active. In a browser it does nothing. */
  unref(): this;

  /**
   * What `asyncOpen` was given, parsed. On an accepted channel, what the client asked for, made from the request's Host and target; "" if they form no
   * URI. Throws NS_ERROR_NOT_INITIALIZED before `asyncOpen` or `asyncAccept`.
   */
  readonly originalURI: string;
  /** The same after redirects. Throws NS_ERROR_NOT_INITIALIZED before `asyncOpen` or `asyncAccept`. */
  readonly URI: string;
  /** Before `asyncOpen`: the subprotocols to ask for, separated by commas. Once open: the one that the server selected, or "". */
  protocol: string;
  /** The response's Sec-WebSocket-Extensions header as the peer sent it, or "". */
  readonly extensions: string;
  /** Node, once open: the response that opened the channel, with its cookies and rate limits. Otherwise null. */
  readonly httpResponse: HttpResponse | null;
  /** Node, wss: set from the end of the TLS handshake on, even if the certificate is not trusted. Otherwise null. */
  readonly securityInfo: SecurityInfo | null;
  /** Node only: functions that are called while the channel opens. A browser accepts only null. */
  notificationCallbacks: NotificationCallbacks | null;
  /** Node only; set it before `asyncOpen`: after this many whole seconds of silence, a ping goes out. 0, the default, turns this off. */
  pingInterval: number;
  /** Node only; set it before `asyncOpen`: if nothing arrives for this many whole seconds after such a ping, the channel stops. Default 10. */
  pingTimeout: number;
  /** The group that the channel is an active member of from `asyncOpen` to `onStop`. */
  loadGroup: LoadGroup | null;
  /** The state now. */
  readonly state: ChannelState;
  /** `Status.NS_OK` until the channel fails. From then on, the status that `onStop` reports. */
  readonly status: number;
  /** Accepted payload bytes that the host has not taken yet. For a stream in Node, it falls as the frames are taken. */
  readonly bufferedAmount: number;
  /** A number that is unique in this thread. */
  readonly serial: number;
}

/** A group of channels. Its active members are the channels that were opened and have not stopped. */
export class LoadGroup implements Iterable<WebSocketChannel> {
  /** How many channels are active. */
  readonly activeCount: number;
  /**
   * Ends every active channel. Each gets `onStop` with `status`, which is NS_BINDING_ABORTED by default.
   * @throws ChannelError NS_ERROR_INVALID_ARG if `status` is neither a `Status` other than NS_OK nor a number from 0x80000000 to 0xFFFFFFFF
   */
  cancel(status?: number): void;
  /**
   * Sends a text message to every member that is open.
   * @returns how many members accepted it
   * @throws ChannelError NS_ERROR_INVALID_ARG
   */
  sendMsg(text: string): number;
  /**
   * Sends a binary message to every member that is open.
   * @returns how many members accepted it
   * @throws ChannelError NS_ERROR_INVALID_ARG
   */
  sendBinaryMsg(data: ArrayBuffer | ArrayBufferView): number;
  /** Iterates over the channels that are active now. */
  [Symbol.iterator](): IterableIterator<WebSocketChannel>;
}

/**
 * The web's `WebSocket`, to the letter of the WHATWG standard. In a browser it is the browser's own class, which takes no options and has no
 * `channel`.
 */
export class WebSocket {
  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;
  /**
   * Opens a connection.
   * @param url ws or wss (http and https count as these), without a fragment
   * @param protocols the subprotocols to ask for; in Node also an object of options. If the server selects none, the connection fails
   * @throws DOMException SyntaxError for an invalid URL or subprotocol; ChannelError for an option
   */
  constructor(url: string | UrlLike, protocols?: string | Iterable<string> | WebSocketOptions);
  readonly url: string;
  readonly readyState: 0 | 1 | 2 | 3;
  /** Bytes given to `send` that the host has not taken yet. It no longer falls once the connection is closed. */
  readonly bufferedAmount: number;
  /** The response's Sec-WebSocket-Extensions header, or "". */
  readonly extensions: string;
  /** The subprotocol that the server selected, or "". */
  readonly protocol: string;
  /** How binary messages are delivered. Default `blob`. */
  binaryType: 'blob' | 'arraybuffer';
  /** Node only: the channel underneath, with its status, TLS information, pings and suspend. In a browser it is undefined: write `socket.channel?.unref()` in code that also runs there. */
  readonly channel: WebSocketChannel;
  onopen: ((event: SocketEvent) => unknown) | null;
  onmessage: ((event: SocketMessageEvent) => unknown) | null;
  onerror: ((event: SocketErrorEvent) => unknown) | null;
  onclose: ((event: SocketCloseEvent) => unknown) | null;
  /**
   * Sends a message. After `close`, messages are dropped but still count in `bufferedAmount`.
   * @throws DOMException InvalidStateError while connecting; TypeError for shared or resizable memory
   */
  send(data: string | ArrayBufferLike | ArrayBufferView | BlobLike): void;
  /**
   * Sends the close frame after all messages that were sent. Without a code, the close frame is empty.
   * @param code 1000, or 3000 to 4999
   * @param reason at most 123 bytes of UTF-8
   * @throws DOMException InvalidAccessError for the code, SyntaxError for the reason
   */
  close(code?: number, reason?: string): void;
  addEventListener<Type extends keyof WebSocketEvents>(
    type: Type,
    listener: ((this: WebSocket, event: WebSocketEvents[Type]) => unknown) | { handleEvent(event: WebSocketEvents[Type]): unknown } | null,
    options?: boolean | ListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: ((this: WebSocket, event: SocketEvent) => unknown) | { handleEvent(event: SocketEvent): unknown } | null,
    options?: boolean | ListenerOptions,
  ): void;
  removeEventListener(
    type: string,
    listener: ((this: WebSocket, event: never) => unknown) | { handleEvent(event: never): unknown } | null,
    options?: boolean | { capture?: boolean | undefined },
  ): void;
  dispatchEvent(event: SocketEvent): boolean;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;
}

/** A frame as it went over the wire (RFC 6455 §5.2). */
export interface WebSocketFrame {
  /** Milliseconds, as of `performance.now()`, when its header was seen. */
  readonly timeStamp: number;
  readonly finBit: boolean;
  /** The first frame of a compressed message (RFC 7692 §6). */
  readonly rsvBit1: boolean;
  readonly rsvBit2: boolean;
  readonly rsvBit3: boolean;
  /** 0 continuation, 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opCode: number;
  readonly maskBit: boolean;
  /** The masking key as a number, 0 without one. */
  readonly mask: number;
  /** Unmasked, but still compressed if the message is. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** Every method is optional. `serial` is the channel's attribute of that name. The methods are called in a microtask. */
export interface WebSocketEventListener {
  /** `asyncOpen` or `asyncAccept` was called. `protocols` are the subprotocols asked for, or supported, separated by commas. */
  webSocketCreated?: ((serial: number, uri: string, protocols: string) => void) | null | undefined;
  /** The channel is open; `protocol` is the subprotocol that was selected. */
  webSocketOpened?: ((serial: number, uri: string, protocol: string, extensions: string) => void) | null | undefined;
  /** A message arrived. Messages that are sent are reported as frames only. */
  webSocketMessageAvailable?: ((serial: number, data: string | Uint8Array<ArrayBuffer>, type: 'text' | 'binary') => void) | null | undefined;
  /** The channel has stopped. It is also called for a channel that never opened. */
  webSocketClosed?: ((serial: number, wasClean: boolean, code: number, reason: string) => void) | null | undefined;
  /** Frames are reported in wire order; frames that arrived together are all reported before their messages. */
  frameSent?: ((serial: number, frame: WebSocketFrame) => void) | null | undefined;
  frameReceived?: ((serial: number, frame: WebSocketFrame) => void) | null | undefined;
}

/**
 * Node only: reports what happens on every channel of the thread, including those of `WebSocket` and `WebSocketStream`. It costs nothing while it has
 * no listener; while it has one, every frame is copied.
 */
export declare const eventService: {
  /** @throws ChannelError NS_ERROR_INVALID_ARG; NS_ERROR_NOT_IMPLEMENTED in a browser */
  addListener(listener: WebSocketEventListener): void;
  /** @returns whether `listener` had been added */
  removeListener(listener: WebSocketEventListener): boolean;
};

/** Node only: the second argument of `WebSocket`, with all options of a channel. */
export interface WebSocketOptions extends Omit<ChannelOptions, 'headers'>, OpeningOptions {
  protocols?: string | Iterable<string> | null | undefined;
  /** Node only: extra request headers, as `fetch` takes them: an object, pairs, or `Headers`; also all that the host's own class takes. */
  headers?: ChannelOptions['headers'] | (IsUnknown<HostHeadersInit> extends true ? never : HostHeadersInit);
  /** Node only: how many redirects to follow, 0 to 1000. Default 0: the standard follows none. */
  redirects?: number | null | undefined;
}

/** Node only: what a channel is given before it opens. */
export interface OpeningOptions {
  /** Sent as the Origin header. Default: none. */
  origin?: string | null | undefined;
  notificationCallbacks?: NotificationCallbacks | null | undefined;
  loadGroup?: LoadGroup | null | undefined;
  pingInterval?: number | null | undefined;
  pingTimeout?: number | null | undefined;
}

/** What `addEventListener` takes. */
export interface ListenerOptions {
  capture?: boolean | undefined;
  once?: boolean | undefined;
  passive?: boolean | undefined;
  /** The host's own `AbortSignal`. Aborting it removes the listener. */
  signal?: AbortSignalLike | undefined;
}

/** The events of a `WebSocket`, by type. */
export interface WebSocketEvents {
  open: SocketEvent;
  message: SocketMessageEvent;
  error: SocketErrorEvent;
  close: SocketCloseEvent;
}

/** The host's `Event`. */
export type SocketEvent = IsUnknown<HostEvent> extends true ? EventLike : HostEvent;
/** The host's `MessageEvent`. `data` is a string, or what `binaryType` says. */
export type SocketMessageEvent = IsUnknown<HostMessageEvent> extends true
  ? EventLike & { readonly data: unknown; readonly origin: string }
  : HostMessageEvent;
/** The host's `CloseEvent`. */
export type SocketCloseEvent = IsUnknown<HostCloseEvent> extends true
  ? EventLike & { readonly wasClean: boolean; readonly code: number; readonly reason: string }
  : HostCloseEvent;
/** An `Event` that, in Node, says why the connection failed. */
export type SocketErrorEvent = SocketEvent & { readonly error?: ConnectionError; readonly message?: string };

/** Why a connection failed: a `ChannelError`. Its members are optional here, because the event of another host may have a different error. */
export interface ConnectionError extends Error {
  readonly code?: string;
  readonly result?: number;
  /** The `detail` that the channel's `onStop` gets. */
  readonly detail?: StopDetail;
}

/** The part of an `Event` that is the same everywhere. */
export interface EventLike {
  readonly type: string;
  readonly target: object | null;
  readonly timeStamp: number;
}

/**
 * A WebSocket whose messages come and go through streams, with back-pressure both ways in Node. If the browser has its own class, this is that class. In
 * Firefox and Safari it is this package's class, which cannot make the browser read more slowly.
 */
export class WebSocketStream {
  /** @throws DOMException SyntaxError for an invalid URL or subprotocol; in Node, ChannelError for an option */
  constructor(url: string | UrlLike, options?: WebSocketStreamOptions);
  readonly url: string;
  /** Resolves when the connection is open. */
  readonly opened: Promise<WebSocketOpenInfo>;
  /**
   * Resolves when both close frames were exchanged and the connection is closed. Otherwise rejects with a `WebSocketError`, or with the signal's
   * reason.
   */
  readonly closed: Promise<{ closeCode: number; reason: string }>;
  /** @throws DOMException InvalidAccessError for the code, SyntaxError for the reason */
  close(closeInfo?: WebSocketCloseInfo): void;
}

/** The second argument of `WebSocketStream`. In Node it may have all options of a channel. In a browser, all but `protocols` and `signal` are ignored. */
export interface WebSocketStreamOptions extends Omit<ChannelOptions, 'signal'>, OpeningOptions {
  protocols?: (Iterable<string> & object) | undefined;
  /** Node only: how many redirects to follow, 0 to 1000. Default 0: the proposal follows none. */
  redirects?: number | null | undefined;
  /** The host's own `AbortSignal`. Aborting it cancels the opening. Once the connection is open, it does nothing. */
  signal?: AbortSignalLike | undefined;
}

/** What `WebSocketStream.opened` resolves to. */
export interface WebSocketOpenInfo {
  readonly readable: IsUnknown<HostReadable> extends true ? AsyncIterable<Message> : HostReadable & AsyncIterable<Message>;
  /** A write settles when the host has taken the message. Closing or aborting it closes the connection. */
  readonly writable: IsUnknown<HostWritable> extends true ? object : HostWritable;
  readonly extensions: string;
  readonly protocol: string;
}

/** A text or binary message that has arrived. (Chromium's own `WebSocketStream` gives an `ArrayBuffer` instead of a `Uint8Array`.) */
export type Message = string | Uint8Array<ArrayBuffer>;

export interface WebSocketCloseInfo {
  /** 1000, or 3000 to 4999. */
  closeCode?: number | undefined;
  /** At most 123 bytes of UTF-8. */
  reason?: string | undefined;
}

declare const HostExceptionClass: new (message?: string) => HostException;
/** A `DOMException` named WebSocketError. It says how a `WebSocketStream` failed. If you pass one to `abort` or `cancel`, it gives the code to close with. */
export class WebSocketError extends HostExceptionClass {
  /** @throws DOMException InvalidAccessError for the code, SyntaxError for the reason */
  constructor(message?: string, init?: WebSocketCloseInfo);
  /** Always 0. */
  readonly code: number;
  /** The code of the peer's close frame; 1006 if none arrived; null if the error is not about the end of a connection, such as the error of `opened`. */
  readonly closeCode: number | null;
  readonly reason: string;
  /** Node: why the connection failed. */
  readonly cause?: unknown;
}

// Where these classes are not declared, these types are unknown, like those of Node above.
// @ts-ignore
type HostDOMException = DOMException;
type HostException = IsUnknown<HostDOMException> extends true ? Error : HostDOMException;
// @ts-ignore
type HostHeaders = Headers;
// @ts-ignore
type HostHeadersInit = Exclude<RequestInit['headers'], undefined>;
// @ts-ignore
type HostEvent = Event;
// @ts-ignore
type HostMessageEvent = MessageEvent;
// @ts-ignore
type HostCloseEvent = CloseEvent;
// @ts-ignore
type HostReadable = ReadableStream<Message>;
// @ts-ignore
type HostWritable = WritableStream<string | ArrayBuffer | ArrayBufferView>;

/** What this package throws. `message` says what is wrong and what to do. `cause` is the error behind it, if there is one. */
export class ChannelError extends Error {
  private constructor();
  /** The name of an NS_ERROR, such as `NS_ERROR_INVALID_ARG`. NS_ERROR_FAILURE if the status is a number of your own, passed to `LoadGroup.cancel`. */
  readonly name: keyof typeof Status | 'NS_ERROR_FAILURE';
  /** The same name. */
  readonly code: keyof typeof Status | 'NS_ERROR_FAILURE';
  /** The 32-bit number of that name; the number of your own, if the name is NS_ERROR_FAILURE. */
  readonly result: number;
  /** What the channel's `onStop` gets, if the error is that of a `WebSocket`'s event `error` or the `cause` of a `WebSocketError`. */
  readonly detail?: StopDetail;
  /** The error behind it, if there is one. */
  readonly cause?: unknown;
}

/** The nsresult values of this package, by name. */
export const Status: {
/*{{STATUSES}}*/
};

/** The name of one of this package's nsresult values; undefined for any other number. 0x80070057 is NS_ERROR_ILLEGAL_VALUE here. */
export function statusName(status: number): keyof typeof Status | undefined;

// Without this line, every declaration here would be exported.
export {};
