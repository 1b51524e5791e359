// TypeScript's own syntax for require.
import api = require('websocket-channel');

const channel: api.WebSocketChannel = new api.WebSocketChannel();
const listener: api.WebSocketListener<number> = { onStart(context) { console.log(context.toFixed()); } };
channel.asyncOpen('ws://127.0.0.1/', null, listener, 1);
console.log(api.statusName(api.Status.NS_OK), api.WebSocketChannel.CLOSE_NORMAL, new api.LoadGroup().activeCount);
