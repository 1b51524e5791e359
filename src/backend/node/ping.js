// Pings (RFC 6455 §5.5.2): sendPing's, and those that find out whether the peer is still there.

/** One channel's. */
export class Pings {
  /** In milliseconds; an interval of 0 is none. */
  constructor(interval, timeout) {
    this.interval = interval;
    this.timeout = timeout;
    /** The socket, once the channel is open. */
    this.connection = null;
    /** What sendPing has promised: { payload, started, resolve, reject }, oldest first. */
    this.promised = [];
    /** When the last byte came, and when the ping went out that waits for another; 0 if none does. */
    this.last = 0;
    this.pinged = 0;
    this.backlog = 0;
    this.timer = undefined;
  }

  /** The channel is open. */
  start(connection) {
    this.connection = connection;
    for (const one of this.promised) this.transmit(one);
    if (this.interval === 0) return;
    connection.pings = this;
    this.heard();
    this.arm(this.interval);
  }

  // sendPing.

  /** A promise of the milliseconds from now, or from the opening, to the pong. */
  send(payload) {
    const promise = new Promise((resolve, reject) => {
      const one = { payload: payload ?? Buffer.from(`${++count}`), started: 0, resolve, reject };
      this.promised.push(one);
      if (this.connection !== null) this.transmit(one);
    });
    promise.catch(() => {}); // who does not wait for it need not handle it
    return promise;
  }

  transmit(one) {
    one.started = performance.now();
    this.connection.engine?.sendPing(one.payload);
  }

  /** A peer may answer the last of several pings alone (RFC 6455 §5.5.3). */
  handlePong(payload) {
    const index = this.promised.findIndex((one) => Buffer.compare(one.payload, payload) === 0);
    const now = performance.now();
    for (const { started, resolve } of this.promised.splice(0, index + 1)) resolve(now - started);
  }

  /** The channel has stopped. */
  end(error) {
    clearTimeout(this.timer);
    if (this.connection !== null) this.connection.pings = null;
    for (const { reject } of this.promised.splice(0)) reject(error);
  }

  // The keep-alive. What is looked at is the time of the last byte, when a timer is due: a timer for each byte would be dear.

  heard() { this.last = performance.now(); }

  arm(ms) {
    // The socket keeps the process alive, if anything shall.
    this.timer = setTimeout(() => this.look(), Math.ceil(Math.max(ms, 1))).unref();
  }

  look() {
    const { connection, interval, timeout } = this;
    const { socket, engine } = connection;
    if (engine === null) return;
    const silence = performance.now() - this.last;
    if (connection.paused !== null || (this.pinged !== 0 && this.last > this.pinged)) {
      // Whoever does not read hears nothing; or there was an answer.
      if (connection.paused !== null) this.heard();
      this.pinged = 0;
      this.arm(interval - (performance.now() - this.last));
    } else if (this.pinged === 0 && silence < interval) {
      this.arm(interval - silence);
    } else if (this.pinged === 0) {
      if (!engine.sendPing(Buffer.alloc(0))) return; // it closes, which has a timeout of its own
      this.pinged = performance.now();
      this.backlog = socket.writableLength;
      this.arm(timeout);
    } else if (socket.writableLength > 0 && socket.writableLength !== this.backlog) {
      this.backlog = socket.writableLength; // what was sent before the ping is still being taken
      this.arm(timeout);
    } else {
      engine.handleSilence(`Nothing came for ${timeout / 1000} s after a ping (pingTimeout): the peer, or the way to it, is gone.`);
    }
  }
}

let count = 0;
