// A Worker. Each request makes a round trip, and the response contains the lines that the program printed.
import { WebSocketChannel, statusName } from 'websocket-channel';
import { talk } from './talk.mjs';

export default {
  async fetch(request) {
    const peer = new URL(request.url).searchParams.get('peer');
    const lines = [];
    await new Promise((resolve) => {
      talk({ WebSocketChannel, statusName }, peer, (line) => {
        lines.push(line);
        if (line === '["end"]') resolve();
      });
    });
    return new Response(lines.join('\n'));
  },
};
