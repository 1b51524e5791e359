// An application for a bundler that supports `new Worker(new URL(…))`. It talks in the page, or in a worker with ?in=worker.
import { WebSocketChannel, statusName } from 'websocket-channel';
import { talk } from './talk.mjs';

const query = new URLSearchParams(location.search);
const url = query.get('peer');

if (query.get('in') === 'worker') {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }) => console.log(data);
  worker.onerror = ({ message }) => { throw new Error(`in the worker: ${message}`); };
  worker.postMessage(url);
} else {
  talk({ WebSocketChannel, statusName }, url, console.log);
}
