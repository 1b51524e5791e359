// By its path: import maps do not reach into workers.
import { WebSocketChannel, statusName } from './node_modules/websocket-channel/browser.mjs';
import { talk } from './talk.mjs';

onmessage = ({ data: url }) => talk({ WebSocketChannel, statusName }, url, (line) => postMessage(line));
