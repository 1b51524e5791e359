const { WebSocketChannel, statusName } = require('websocket-channel');

import('./talk.mjs').then(({ talk }) => talk({ WebSocketChannel, statusName }, process.argv[2], console.log));
