// The web's own classes, where the host's types declare them: the DOM's types in a page, @types/node in Node.
import { ChannelError, WebSocket, WebSocketError, WebSocketStream, type Message, type StopDetail, type WebSocketChannel } from 'websocket-channel';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const holds = <_ extends true>(): void => {};

// Code that asks for the host's class accepts it.
const socket: globalThis.WebSocket = new WebSocket('wss://example.org/chat', ['chat']);
const useHosts = (it: globalThis.WebSocket, made: { new (url: string, protocols?: string | string[]): globalThis.WebSocket }): void => void [it, made];
useHosts(socket, WebSocket);
const Class: typeof globalThis.WebSocket = WebSocket;
const headers: NonNullable<RequestInit['headers']> = [['a', 'b']];
new Class('wss://example.org/chat').close();
new WebSocket('wss://example.org/chat', { headers });

const ours = new WebSocket(new URL('wss://example.org/chat'), {
  protocols: ['chat'], headers: { Authorization: 'Bearer …' }, origin: 'https://app.example', redirects: 3, pingInterval: 30, proxy: 'env',
});
holds<Same<typeof ours.channel, WebSocketChannel>>();
holds<Same<typeof ours.readyState, 0 | 1 | 2 | 3>>();
holds<Same<typeof WebSocket.OPEN, 1>>();
ours.onopen = () => ours.send('hello');
ours.onmessage = ({ data, origin }) => {
  holds<Same<typeof origin, string>>();
  if (typeof data === 'string') ours.send(data);
};
ours.onerror = (event) => {
  holds<Same<typeof event.message, string | undefined>>();
  const detail: StopDetail | undefined = event.error?.detail;
  if (event.error instanceof ChannelError) console.error(event.error.code, event.error.detail?.timeout, detail?.code);
};
ours.onclose = ({ wasClean, code, reason }) => holds<Same<[typeof wasClean, typeof code, typeof reason], [boolean, number, string]>>();
ours.addEventListener('close', ({ code }) => ours.close(code), { once: true, signal: new AbortController().signal });
ours.addEventListener('open', function () { this.send('hello'); });
ours.addEventListener('message', { handleEvent({ data }) { void data; } });
ours.dispatchEvent(new Event('mine'));
ours.send(new Uint8Array(3));
ours.send(new ArrayBuffer(3));
ours.send(new Blob(['bytes']));
ours.binaryType = 'arraybuffer';
ours.close(4000, 'done');

const stream = new WebSocketStream('wss://example.org', { protocols: ['chat'], signal: AbortSignal.timeout(1000), headers: { a: 'b' } });
const { readable, writable, protocol } = await stream.opened;
holds<Same<typeof protocol, string>>();
for await (const message of readable) holds<Same<typeof message, Message>>();
const writer = writable.getWriter();
await writer.write('text');
await writer.write(new Uint8Array(3));
await writer.abort(new WebSocketError('why', { closeCode: 4000, reason: 'because' }));
const { closeCode, reason } = await stream.closed;
holds<Same<[typeof closeCode, typeof reason], [number, string]>>();
stream.close({ closeCode: 1000 });
