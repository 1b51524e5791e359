// Makes the round trip on the server. The response contains the lines that it printed.
import { WebSocketChannel, statusName } from 'websocket-channel';
import { talk } from '../../talk.mjs';

export const dynamic = 'force-dynamic';

export async function GET(request) {
  const lines = [];
  await new Promise((resolve) => {
    talk({ WebSocketChannel, statusName }, new URL(request.url).searchParams.get('peer'), (line) => {
      lines.push(line);
      if (line === '["end"]') resolve();
    });
  });
  return new Response(lines.join('\n'));
}
