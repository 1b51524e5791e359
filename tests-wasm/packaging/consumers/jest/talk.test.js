// Under Jest, which makes CommonJS of it where Babel is there; here there is none.
const { WebSocketChannel, statusName } = require('websocket-channel');
const { appendFileSync } = require('node:fs');

test('talks', async () => {
  const { talk } = require('./talk.cjs');
  await new Promise((resolve) => {
    talk({ WebSocketChannel, statusName }, process.env.PEER, (line) => {
      appendFileSync(process.env.PRINTED, `${line}\n`);
      if (line === '["end"]') resolve();
    });
  });
});
