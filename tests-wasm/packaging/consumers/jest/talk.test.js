// Jest would use Babel, if it were installed, to convert modules to CommonJS. Here it is not, so this file is CommonJS.
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
