import { program } from '../harness/own_process.js';

/** What a listener may read with each message. */
const READ = [
  'channel.state', 'channel.protocol', 'channel.extensions', 'channel.URI', 'channel.httpResponse', 'channel.securityInfo', 'channel.loadGroup',
  'channel.notificationCallbacks', 'channel.bufferedAmount', 'channel.ref()', '[...group]', 'group.sendMsg("x")',
];

/** A server that sends many messages at once to whoever connects, and a client in the same process. */
const serving = (client) => `
  import { createHash } from 'node:crypto';
  import { createServer } from 'node:net';
  import { LoadGroup, WebSocket } from 'websocket-channel';
  const COUNT = 100_000;
  const frames = Buffer.concat(Array.from({ length: COUNT }, (_, index) => {
    const text = Buffer.from(String(index));
    return Buffer.concat([Buffer.from([0x81, text.length]), text]);
  }));
  const server = createServer((socket) => socket.on('error', () => {}).once('data', (request) => {
    const [, key] = /Sec-WebSocket-Key: (.*)\\r\\n/.exec(request);
    const accept = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    socket.write(['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: ' + accept, '', ''].join('\\r\\n'));
    socket.write(frames);
  })).listen(0, '127.0.0.1', () => {
    const url = 'ws://127.0.0.1:' + server.address().port + '/';
    const all = [];
    const done = () => { console.log(all.length); process.exit(); };
    ${client}
  });
`;

/** Attributes that are read so often that the host optimizes the code that does so. Each program is a process of its own, because the host may end it. */
export const hotAttributes = [
  ...READ.map((expression) => ({
    name: `${expression} with each of 100,000 messages`,
    async run(t) {
      const { code, signal, stdout, stderr } = await program(serving(`
        const channel = new WebSocketChannel();
        const group = new LoadGroup();
        channel.loadGroup = group;
        channel.asyncOpen(url, null, {
          onMessageAvailable(context, text) {
            all.push([text, ${expression}]);
            if (all.length === COUNT) done();
          },
        }, null);
      `));
      t.same([code, signal, stdout.trim()], [0, null, '100000'], stderr);
    },
  })),
  {
    name: 'WebSocket.bufferedAmount with each of 100,000 messages',
    async run(t) {
      const { code, signal, stdout, stderr } = await program(serving(`
        const socket = new WebSocket(url);
        socket.onmessage = (event) => {
          all.push([event.data, socket.bufferedAmount]);
          if (all.length === COUNT) done();
        };
      `));
      t.same([code, signal, stdout.trim()], [0, null, '100000'], stderr);
    },
  },
];
