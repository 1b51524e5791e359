// `import` and `require` share one instance, the CommonJS build. This file names its exports.
import api from './node-exports.cjs';

export const {
  ChannelError, LoadGroup, Status, WebSocket, WebSocketChannel, WebSocketError, WebSocketStream, eventService, statusName,
} = api;
