// What must not compile. tsc also reports a directive that is not followed by an error, so each line is checked.
import { ChannelError, LoadGroup, Status, WebSocketChannel, statusName, type ChannelOptions, type WebSocketListener } from 'websocket-channel';
// @ts-expect-error there is no default export
import nothing from 'websocket-channel';
// @ts-expect-error there are no other exported names
import { RawChannel } from 'websocket-channel';
// @ts-expect-error the files cannot be imported
import * as build from 'websocket-channel/browser.mjs';

const channel = new WebSocketChannel();
const uri = 'ws://127.0.0.1/';

// @ts-expect-error no arguments
channel.asyncOpen();
// @ts-expect-error no listener
channel.asyncOpen(uri, null);
// @ts-expect-error a listener that is null
channel.asyncOpen(uri, null, null);
// @ts-expect-error a listener that is not an object
channel.asyncOpen(uri, null, 'listener');
// @ts-expect-error a URI that is not a string
channel.asyncOpen(1, null, {});
// @ts-expect-error an origin that is not a string
channel.asyncOpen(uri, 1, {});
// @ts-expect-error a method that listeners do not have
channel.asyncOpen(uri, null, { onMessage() {} });
// @ts-expect-error text is a string
channel.asyncOpen(uri, null, { onMessageAvailable(context, text: number) {} });
// @ts-expect-error bytes are not a Blob
channel.asyncOpen(uri, null, { onBinaryMessageAvailable(context, bytes: Blob) {} });
// @ts-expect-error a size is a number
channel.asyncOpen(uri, null, { onAcknowledge(context, size: string) {} });
// @ts-expect-error a code is a number
channel.asyncOpen(uri, null, { onServerClose(context, code: string, reason: string) {} });
// @ts-expect-error a status is a number
channel.asyncOpen(uri, null, { onStop(context, status: string) {} });
// @ts-expect-error a detail is read-only
channel.asyncOpen(uri, null, { onStop(context, status, detail) { detail.code = 1000; } });
// @ts-expect-error if no context is given, it is undefined
channel.asyncOpen(uri, null, { onStart(context: string) {} });
// @ts-expect-error the listener's context has another type than the given one
channel.asyncOpen(uri, null, { onStart(context: string) {} }, 1);
// @ts-expect-error a listener with a context must be given one
channel.asyncOpen(uri, null, {} as WebSocketListener<Date>);
// @ts-expect-error one argument too many
channel.asyncOpen(uri, null, {}, undefined, undefined);

// @ts-expect-error a message that is not a string
channel.sendMsg(1);
// @ts-expect-error bytes as text
channel.sendMsg(new Uint8Array(1));
// @ts-expect-error no message
channel.sendMsg();
// @ts-expect-error text as bytes
channel.sendBinaryMsg('text');
// @ts-expect-error an array of numbers
channel.sendBinaryMsg([1, 2, 3]);
// @ts-expect-error a Blob
channel.sendBinaryMsg(new Blob([]));
// @ts-expect-error a stream of strings
channel.sendBinaryStream((async function* () { yield 'text'; })(), 4);
// @ts-expect-error a stream without its length
channel.sendBinaryStream(new ReadableStream<Uint8Array>());
// @ts-expect-error an array is not a stream
channel.sendBinaryStream([new Uint8Array(1)], 1);
// @ts-expect-error a number as the payload of a ping
void channel.sendPing(1);
// @ts-expect-error a password is a string
channel.notificationCallbacks = { onAuthRequired: () => ({ username: 'a', password: 1 }) };
// @ts-expect-error a callback that does not exist
channel.notificationCallbacks = { onError() {} };
// @ts-expect-error securityInfo is read-only
channel.securityInfo = null;
// @ts-expect-error seconds are a number
channel.pingInterval = '30';
// @ts-expect-error a code that is not a number
channel.close('x');
// @ts-expect-error a code that is null
channel.close(null);
// @ts-expect-error a reason that is not a string
channel.close(1000, 1);

for (const name of ['originalURI', 'URI', 'extensions', 'state', 'status', 'bufferedAmount', 'serial'] as const) console.log(channel[name]);
// @ts-expect-error read-only
channel.originalURI = uri;
// @ts-expect-error read-only
channel.URI = uri;
// @ts-expect-error read-only
channel.extensions = '';
// @ts-expect-error read-only
channel.state = 'open';
// @ts-expect-error read-only
channel.status = 0;
// @ts-expect-error read-only
channel.bufferedAmount = 0;
// @ts-expect-error read-only
channel.serial = 0;
// @ts-expect-error a list is a string
channel.protocol = ['chat'];
// @ts-expect-error a channel leaves a group with null
channel.loadGroup = undefined;
// @ts-expect-error an object that is not a group
channel.loadGroup = new Set<WebSocketChannel>();
// @ts-expect-error a state that does not exist
if (channel.state === 'closed') channel.close();

// @ts-expect-error options that are not an object
new WebSocketChannel(1);
// @ts-expect-error a proxy that is not a URI
new WebSocketChannel({ proxy: 8080 });
// @ts-expect-error redirects is a number
new WebSocketChannel({ redirects: 'follow' });
// @ts-expect-error an unknown option
new WebSocketChannel({ timeout: 1 });
// @ts-expect-error a time that is not a number
new WebSocketChannel({ openTimeoutMs: '1' });
// @ts-expect-error a size that is not a number
new WebSocketChannel({ maxMessageSize: '1 MiB' });
// @ts-expect-error a URL object is needed, not any object with an href
channel.asyncOpen({ href: uri }, null, {});
// @ts-expect-error a controller is not a signal
new WebSocketChannel({ signal: new AbortController() });
// @ts-expect-error tls takes an object
new WebSocketChannel({ tls: true });
// @ts-expect-error a header that is not a string
new WebSocketChannel({ headers: { Age: 1 } });
// @ts-expect-error a header without a value
new WebSocketChannel({ headers: { Age: undefined } });
// @ts-expect-error items that are not pairs
new WebSocketChannel({ headers: [['Age', '1', '2']] });
// @ts-expect-error an object that merely looks like a URL
channel.asyncOpen({ href: 'ws://127.0.0.1/', searchParams: {} }, null, {});
// @ts-expect-error a header that the response may not have
channel.httpResponse?.headers['retry-after'].trim();
// @ts-expect-error permessage-deflate is on by default
new WebSocketChannel({ deflate: true });
// @ts-expect-error an unknown option in the type
const options: ChannelOptions = { protocol: 'chat' };

// @ts-expect-error constants are read-only
WebSocketChannel.CLOSE_NORMAL = 1001;
// @ts-expect-error a code that does not exist
console.log(WebSocketChannel.CLOSE_UNKNOWN);
// @ts-expect-error statuses are read-only
Status.NS_OK = 1;
// @ts-expect-error a status that does not exist
console.log(Status.NS_ERROR_UNKNOWN);
// @ts-expect-error a name is not a number
statusName('NS_OK');
// @ts-expect-error the result may be undefined
statusName(0).length;
// @ts-expect-error only the package constructs its errors
new ChannelError();
// @ts-expect-error the constructor of a group takes no arguments
new LoadGroup([channel]);
// @ts-expect-error activeCount is read-only
new LoadGroup().activeCount = 1;
// @ts-expect-error a status is a number
new LoadGroup().cancel('NS_BINDING_ABORTED');
