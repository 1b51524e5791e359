const { WebSocketChannel, statusName } = require('websocket-channel');
const { talk } = require('./talk.mjs');

talk({ WebSocketChannel, statusName }, new URLSearchParams(location.search).get('peer'), console.log);
