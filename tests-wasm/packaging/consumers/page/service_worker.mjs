import { WebSocketChannel, statusName } from './node_modules/websocket-channel/browser.mjs';
import { talk } from './talk.mjs';

onmessage = (event) => {
  const { data: url, ports: [port] } = event;
  event.waitUntil(new Promise((resolve) => {
    talk({ WebSocketChannel, statusName }, url, (line) => {
      port.postMessage(line);
      if (line === '["end"]') resolve();
    });
  }));
};
