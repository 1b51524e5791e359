// The servers that bench/server.js measures. Each listens on a free port of 127.0.0.1 and returns the port. `opened` is called with each connection,
// `heard` with a connection and a message that arrived on it. A text message is a string.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';

export const installed = createRequire(new URL('../build/installed/', import.meta.url));

/** `send` sends a message on a connection. `broadcaster` returns a function that sends a message to all connections and returns their number. */
export const SERVERS = {
  channel: {
    listen({ deflate, opened, heard }) {
      const { WebSocketChannel } = installed('websocket-channel');
      return onUpgrade((request, socket, head) => {
        const channel = new WebSocketChannel({ deflate: deflate ? { threshold: 0 } : false });
        channel.asyncAccept(request, socket, head, { onStart: () => opened(channel), onMessageAvailable: (_, text) => heard(channel, text) }, null);
      });
    },
    send: (channel, text) => channel.sendMsg(text),
    broadcaster(all) {
      const { LoadGroup } = installed('websocket-channel');
      const group = new LoadGroup();
      for (const channel of all) channel.loadGroup = group;
      return (text) => group.sendMsg(text);
    },
    buffered: (channel) => channel.bufferedAmount,
  },

  ws: {
    async listen({ deflate, opened, heard }) {
      const { WebSocketServer } = await import('ws');
      const server = createServer();
      new WebSocketServer({ server, perMessageDeflate: deflate ? { threshold: 0 } : false }).on('connection', (socket) => {
        opened(socket);
        socket.on('message', (data, isBinary) => heard(socket, isBinary ? data : data.toString()));
        socket.on('error', () => {});
      });
      return portOf(server);
    },
    send: (socket, text) => socket.send(text),
    broadcaster: (all) => eachOf(all, (socket, text) => socket.send(text)),
    buffered: (socket) => socket.bufferedAmount,
  },

  /** Shows what Node's sockets allow: a server that writes prepared frames and reads nothing. */
  bare: {
    listen: ({ opened }) => onUpgrade((request, socket) => {
      const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.setNoDelay(true).on('error', () => {}).resume();
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
      opened(socket);
    }),
    broadcaster(all) {
      let [text, frame] = [];
      return eachOf(all, (socket, message) => {
        if (message !== text) [text, frame] = [message, Buffer.concat([Buffer.from([0x81, 126, message.length >> 8, message.length & 255]), Buffer.from(message)])];
        socket.write(frame);
      });
    },
    buffered: (socket) => socket.writableLength,
  },

  /** Bun's own server, which is µWebSockets. It runs in Bun. */
  bun: {
    listen({ deflate, opened, heard }) {
      const { Bun } = globalThis;
      const server = Bun.serve({
        hostname: '127.0.0.1', port: 0,
        fetch(request, it) { it.upgrade(request); },
        websocket: {
          perMessageDeflate: deflate, idleTimeout: 0,
          open(socket) { socket.subscribe('all'); opened(socket); },
          message: heard,
        },
      });
      this.publish = (text, count) => { server.publish('all', text, deflate); return count; };
      this.isCompressed = deflate;
      return server.port;
    },
    send(socket, text) { socket.send(text, this.isCompressed); },
    broadcaster(all) { return (text) => this.publish(text, all.length); },
    buffered: (socket) => socket.getBufferedAmount(),
  },
};

function onUpgrade(take) {
  return portOf(createServer().on('upgrade', take));
}

async function portOf(server) {
  server.listen(0, '127.0.0.1', 4096);
  await once(server, 'listening');
  return server.address().port;
}

const eachOf = (all, send) => (text) => {
  for (const it of all) send(it, text);
  return all.length;
};
