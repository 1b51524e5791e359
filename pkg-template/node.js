// The package's entry in Node. scripts/build.js bundles it with the wasm build for Node.

export { ChannelError, LoadGroup, Status, WebSocketChannel, eventService, statusName } from '../src/facade/channel.js';
export { WebSocketError } from '../src/web/error.js';
export { WebSocketStream } from '../src/web/stream.js';
export { WebSocket } from '../src/web/websocket.js';
