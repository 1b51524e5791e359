// The package is imported by its path, because import maps do not apply in workers.
import { WebSocketChannel, statusName } from './node_modules/websocket-channel/browser.mjs';
import { talk } from './talk.mjs';

onmessage = ({ data: url }) => talk({ WebSocketChannel, statusName }, url, (line) => postMessage(line));
