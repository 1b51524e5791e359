import { WebSocketChannel, statusName } from 'websocket-channel';
import { talk } from './talk.mjs';

onmessage = ({ data: url }) => talk({ WebSocketChannel, statusName }, url, (line) => postMessage(line));
