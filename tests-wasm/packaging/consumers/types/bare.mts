// Compiles with only the types of JavaScript, without the DOM and without @types/node.
import { WebSocketChannel, type ChannelOptions, type SocketOptions, type TlsOptions } from 'websocket-channel';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const holds = <_ extends true>(): void => {};

holds<Same<TlsOptions, object>>();
holds<Same<SocketOptions, object>>();
// @ts-expect-error they are not any
const tls: TlsOptions = true;
// @ts-expect-error they are not any
const socket: SocketOptions = true;

const options: ChannelOptions = { tls: { ca: 'a certificate' }, socket: { family: 4 }, proxy: 'env' };
const channel = new WebSocketChannel(options);
channel.asyncOpen('ws://127.0.0.1/', null, { onMessageAvailable(context, text) { holds<Same<[typeof context, typeof text], [undefined, string]>>(); } });
