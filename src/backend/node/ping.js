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
    if (connection.engine === null || this.connection !== null) return;
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
    const { connection, interval } = this;
    if (connection.engine === null) return;
    if (connection.paused !== null) this.heard(); // whoever does not read hears nothing
    const now = performance.now();
    const silence = now - this.last;
    if (this.pinged > 0 && this.last < this.pinged) {
      this.await(now - this.pinged);
    } else if (silence < interval) {
      this.pinged = 0;
      this.arm(interval - silence);
    } else if (connection.engine.sendPing(Buffer.alloc(0))) { // otherwise it closes, which has a timeout of its own
      this.pinged = now;
      this.backlog = backlogOf(connection.socket);
      this.arm(Math.min(interval, this.timeout));
    }
  }

  /** Nothing came in the time since the ping. */
  await(time) {
    const { connection: { engine, socket }, interval, timeout } = this;
    const backlog = backlogOf(socket);
    if (time < timeout) {
      this.arm(Math.min(interval, timeout - time));
    } else if (backlog > 0 && backlog !== this.backlog) {
      // What was sent before the ping is still being taken.
      this.backlog = backlog;
      this.pinged = performance.now();
      this.arm(timeout);
    } else {
      engine.handleSilence(`Nothing came for ${timeout / 1000} s after a ping (pingTimeout): the peer, or the way to it, is gone.`);
    }
  }
}

/** What the system has not taken yet. Node's own count falls by whole writes alone, of which one may be large. */
const backlogOf = (socket) => socket.writableLength + (socket._handle?.writeQueueSize ?? 0);

let count = 0;
