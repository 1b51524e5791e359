import { appendFileSync } from 'node:fs';
import { test } from 'vitest';
import { WebSocketChannel, statusName } from 'websocket-channel';
import { talk } from './talk.mjs';

test('talks', async () => {
  await new Promise((resolve) => {
    talk({ WebSocketChannel, statusName }, process.env.PEER, (line) => {
      appendFileSync(process.env.PRINTED, `${line}\n`);
      if (line === '["end"]') resolve();
    });
  });
});
