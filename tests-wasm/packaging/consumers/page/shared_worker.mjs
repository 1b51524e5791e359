import { WebSocketChannel, statusName } from './node_modules/websocket-channel/browser.mjs';
import { talk } from './talk.mjs';

onconnect = ({ ports: [port] }) => {
  port.onmessage = ({ data: url }) => talk({ WebSocketChannel, statusName }, url, (line) => port.postMessage(line));
};
