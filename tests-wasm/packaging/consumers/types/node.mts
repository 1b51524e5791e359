// What is exact where @types/node is installed.
import type { NetConnectOpts } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { WebSocketChannel } from 'websocket-channel';

const tls: Pick<ConnectionOptions, 'ca' | 'checkServerIdentity'> = { ca: 'a certificate', checkServerIdentity: () => undefined };
new WebSocketChannel({ tls, socket: { localAddress: '127.0.0.1', lookup: (host, options, done) => { done(null, host, options.all ? 6 : 4); } } });
const path: Pick<NetConnectOpts & { path: string }, 'path'> = { path: '/run/server.sock' };
new WebSocketChannel({ socket: path });

// @ts-expect-error the URI says which host
new WebSocketChannel({ tls: { host: 'example.org' } });
// @ts-expect-error the channel ends its connection itself
new WebSocketChannel({ socket: { allowHalfOpen: true } });
// @ts-expect-error an option that tls.connect does not know
new WebSocketChannel({ tls: { rejectUnauthorised: false } });
// @ts-expect-error a number, by net.connect
new WebSocketChannel({ socket: { family: 'IPv4' } });
