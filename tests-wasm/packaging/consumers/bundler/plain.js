import { WebSocketChannel, statusName } from 'websocket-channel';
import { talk } from './talk.mjs';

talk({ WebSocketChannel, statusName }, new URLSearchParams(location.search).get('peer'), console.log);
