import { WebSocketChannel, statusName } from 'websocket-channel';
import { talk } from './talk.mjs';

talk({ WebSocketChannel, statusName }, process.argv[2], console.log);
