// One instance for `import` and `require`: the CommonJS build is the one, and this names what it exports.
import api from './node.cjs';

export const {
  ChannelError, LoadGroup, Status, WebSocket, WebSocketChannel, WebSocketError, WebSocketStream, eventService, statusName,
} = api;
