// Types that are exact where @types/node is installed.
import { createServer } from 'node:http';
import { createSecureServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import type { NetConnectOpts } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { LoadGroup, WebSocketChannel } from 'websocket-channel';

const tls: Pick<ConnectionOptions, 'ca' | 'checkServerIdentity'> = { ca: 'a certificate', checkServerIdentity: () => undefined };
new WebSocketChannel({ tls, socket: { localAddress: '127.0.0.1', lookup: (host, options, done) => { done(null, host, options.all ? 6 : 4); } } });
const path: Pick<NetConnectOpts & { path: string }, 'path'> = { path: '/run/server.sock' };
new WebSocketChannel({ socket: path });

// @ts-expect-error the URI determines the host
new WebSocketChannel({ tls: { host: 'example.org' } });
// @ts-expect-error the channel ends its connection itself
new WebSocketChannel({ socket: { allowHalfOpen: true } });
// @ts-expect-error an option that tls.connect does not know
new WebSocketChannel({ tls: { rejectUnauthorised: false } });
// @ts-expect-error net.connect takes a number
new WebSocketChannel({ socket: { family: 'IPv4' } });

new WebSocketChannel({ headers: new Headers({ Age: '1' }) });
// @ts-expect-error a header without a value
new WebSocketChannel({ headers: { Age: undefined } });
// @ts-expect-error items that are not pairs
new WebSocketChannel({ headers: [['Age', '1', '2']] });
// @ts-expect-error a list as a value
new WebSocketChannel({ headers: { Cookie: ['a=1', 'b=2'] } });

// The server end takes the arguments of an HTTP server's event.
const room = new LoadGroup();
for (const server of [createServer(), createTlsServer()]) {
  server.on('upgrade', (request, socket, head) => {
    const channel = new WebSocketChannel({ headers: { 'X-Own': 'yes' } });
    if (request.url === '/no') return channel.refuse(request, socket, 404, 'not here');
    channel.asyncAccept(request, socket, head, { onMessageAvailable(context, text) { const accepted: number = room.sendMsg(context.name + text); return accepted; } }, { name: 'guest' });
    channel.asyncAccept(request, socket, null, {});
  });
}
room.sendBinaryMsg(new Uint8Array(3));
// @ts-expect-error text is sent with sendMsg
room.sendBinaryMsg('text');
// @ts-expect-error a status is a number
new WebSocketChannel().refuse({ httpVersion: '1.1', rawHeaders: [] }, null, '404');

// HTTP/2 streams.
const http2 = createHttp2Server({ settings: { enableConnectProtocol: true } });
http2.on('stream', (stream, fields) => {
  new WebSocketChannel().asyncAccept(fields, stream, null, { onStart(context) { const name: string = context.name; return name; } }, { name: 'guest' });
  new WebSocketChannel().refuse(fields, stream, 404);
});
http2.on('connect', (request) => new WebSocketChannel().asyncAccept(request, request.stream, null, {}));
