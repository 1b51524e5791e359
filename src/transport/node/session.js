// An HTTP/2 session over a TLS socket: node:http2, and nothing else.

import { http2 } from './builtin.js';
import { destroyAfter } from './answer.js';

export class Session {
  /**
   * `handler` belongs to Rust. It is told what happens, and freed when the session is closed. The windows are how many bytes the server may send on
   * one stream, and in all, before they have been read.
   */
  constructor(handler, socket, authority, streamWindow, sessionWindow) {
    this.handler = handler;
    this.error = null;
    this.socket = socket;
    const settings = { enablePush: false, initialWindowSize: streamWindow };
    // In MB. What waits to be sent counts: at Node's default, 10, one channel with a long queue keeps all others out.
    const maxSessionMemory = 4096;
    // The server decides which headers are too long. At Node's default, 64 KiB, the stream ends as if the server had refused it.
    const maxSendHeaderBlockLength = 1 << 24;
    this.session = http2().connect(authority, { createConnection: () => socket, settings, maxSessionMemory, maxSendHeaderBlockLength });
    this.session
      .on('connect', () => this.isClosed || this.session.setLocalWindowSize(sessionWindow))
      .on('remoteSettings', ({ enableConnectProtocol, maxConcurrentStreams }) => {
        this.handler?.handleSettings(enableConnectProtocol === true, maxConcurrentStreams ?? Infinity);
      })
      .on('goaway', () => this.handler?.handleGoaway())
      .on('error', (error) => { this.error = error; })
      .on('close', () => this.closed()); // Node may say so twice
  }

  closed() {
    const { handler } = this;
    this.handler = null;
    handler?.handleClosed(this.error);
    handler?.free();
  }

  /** Opens a stream; throws if Node refuses a field, or if the session is closed. */
  request(fields) { return this.session.request(fields, { endStream: false }); }

  get isClosed() { return this.session.closed || this.session.destroyed; }

  setRef(isRef) { this.session[isRef ? 'ref' : 'unref'](); }

  /** Ends the session when its last stream has ended. Destroys its connection if the peer does not end it within `ms`. */
  close(ms) {
    this.session.close();
    destroyAfter(this.socket, ms);
  }

  destroy() { this.session.destroy(); }
}
