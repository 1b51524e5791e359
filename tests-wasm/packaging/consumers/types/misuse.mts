// What must not compile. tsc also reports a directive below which there is no error, so each line proves itself.
import { ChannelError, LoadGroup, Status, WebSocketChannel, statusName, type ChannelOptions, type WebSocketListener } from 'websocket-channel';
// @ts-expect-error there is no default export
import nothing from 'websocket-channel';
// @ts-expect-error nor any other name
import { RawChannel } from 'websocket-channel';
// @ts-expect-error nor any way to the files
import * as build from 'websocket-channel/browser.mjs';

const channel = new WebSocketChannel();
const uri = 'ws://127.0.0.1/';

// @ts-expect-error no arguments
channel.asyncOpen();
// @ts-expect-error no listener
channel.asyncOpen(uri, null);
// @ts-expect-error a listener that is null
channel.asyncOpen(uri, null, null);
// @ts-expect-error a listener that is no object
channel.asyncOpen(uri, null, 'listener');
// @ts-expect-error a URI that is no string
channel.asyncOpen(1, null, {});
// @ts-expect-error an origin that is no string
channel.asyncOpen(uri, 1, {});
// @ts-expect-error a method that no listener has
channel.asyncOpen(uri, null, { onMessage() {} });
// @ts-expect-error text is a string
channel.asyncOpen(uri, null, { onMessageAvailable(context, text: number) {} });
// @ts-expect-error bytes are no Blob
channel.asyncOpen(uri, null, { onBinaryMessageAvailable(context, bytes: Blob) {} });
// @ts-expect-error a size is a number
channel.asyncOpen(uri, null, { onAcknowledge(context, size: string) {} });
// @ts-expect-error a code is a number
channel.asyncOpen(uri, null, { onServerClose(context, code: string, reason: string) {} });
// @ts-expect-error a status is a number
channel.asyncOpen(uri, null, { onStop(context, status: string) {} });
// @ts-expect-error a detail cannot be written to
channel.asyncOpen(uri, null, { onStop(context, status, detail) { detail.code = 1000; } });
// @ts-expect-error without a context there is none
channel.asyncOpen(uri, null, { onStart(context: string) {} });
// @ts-expect-error the listener's context is not the one that is given
channel.asyncOpen(uri, null, { onStart(context: string) {} }, 1);
// @ts-expect-error a listener with a context needs one
channel.asyncOpen(uri, null, {} as WebSocketListener<Date>);
// @ts-expect-error one argument more
channel.asyncOpen(uri, null, {}, undefined, undefined);

// @ts-expect-error a message that is no string
channel.sendMsg(1);
// @ts-expect-error bytes as a text
channel.sendMsg(new Uint8Array(1));
// @ts-expect-error no message
channel.sendMsg();
// @ts-expect-error a text as bytes
channel.sendBinaryMsg('text');
// @ts-expect-error an array of numbers
channel.sendBinaryMsg([1, 2, 3]);
// @ts-expect-error a Blob
channel.sendBinaryMsg(new Blob([]));
// @ts-expect-error a stream of texts
channel.sendBinaryStream((async function* () { yield 'text'; })(), 4);
// @ts-expect-error a stream without its length
channel.sendBinaryStream(new ReadableStream<Uint8Array>());
// @ts-expect-error an array is no stream
channel.sendBinaryStream([new Uint8Array(1)], 1);
// @ts-expect-error a ping of a number
void channel.sendPing(1);
// @ts-expect-error a password is a string
channel.notificationCallbacks = { onAuthRequired: () => ({ username: 'a', password: 1 }) };
// @ts-expect-error a callback that there is not
channel.notificationCallbacks = { onError() {} };
// @ts-expect-error securityInfo cannot be written
channel.securityInfo = null;
// @ts-expect-error seconds are a number
channel.pingInterval = '30';
// @ts-expect-error a code that is no number
channel.close('x');
// @ts-expect-error a code that is null
channel.close(null);
// @ts-expect-error a reason that is no string
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
// @ts-expect-error null is the way out of a group
channel.loadGroup = undefined;
// @ts-expect-error an object that is no group
channel.loadGroup = new Set<WebSocketChannel>();
// @ts-expect-error a state there is not
if (channel.state === 'closed') channel.close();

// @ts-expect-error options that are no object
new WebSocketChannel(1);
// @ts-expect-error a proxy that is no URI
new WebSocketChannel({ proxy: 8080 });
// @ts-expect-error a number of redirects
new WebSocketChannel({ redirects: 'follow' });
// @ts-expect-error an unknown option
new WebSocketChannel({ timeout: 1 });
// @ts-expect-error a time that is no number
new WebSocketChannel({ openTimeoutMs: '1' });
// @ts-expect-error a size that is no number
new WebSocketChannel({ maxMessageSize: '1 MiB' });
// @ts-expect-error a URL is needed, not anything that has a href
channel.asyncOpen({ href: uri }, null, {});
// @ts-expect-error a controller is no signal
new WebSocketChannel({ signal: new AbortController() });
// @ts-expect-error tls takes an object
new WebSocketChannel({ tls: true });
// @ts-expect-error a header that is no string
new WebSocketChannel({ headers: { Age: 1 } });
// @ts-expect-error permessage-deflate is on without being asked for
new WebSocketChannel({ deflate: true });
// @ts-expect-error an unknown option by way of the type
const options: ChannelOptions = { protocol: 'chat' };

// @ts-expect-error constants are constant
WebSocketChannel.CLOSE_NORMAL = 1001;
// @ts-expect-error a code there is not
console.log(WebSocketChannel.CLOSE_UNKNOWN);
// @ts-expect-error statuses are constant
Status.NS_OK = 1;
// @ts-expect-error a status there is not
console.log(Status.NS_ERROR_UNKNOWN);
// @ts-expect-error a name is no number
statusName('NS_OK');
// @ts-expect-error undefined is possible
statusName(0).length;
// @ts-expect-error only the package makes its errors
new ChannelError();
// @ts-expect-error groups take nothing
new LoadGroup([channel]);
// @ts-expect-error counted, not set
new LoadGroup().activeCount = 1;
// @ts-expect-error a status is a number
new LoadGroup().cancel('NS_BINDING_ABORTED');
