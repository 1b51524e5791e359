import { withSendingServer } from '../harness/sending_server.js';

/** What a listener may read with each message. */
const READ = [
  'channel.state', 'channel.protocol', 'channel.extensions', 'channel.URI', 'channel.httpResponse', 'channel.securityInfo', 'channel.loadGroup',
  'channel.notificationCallbacks', 'channel.bufferedAmount', 'channel.ref()', '[...group]', 'group.sendMsg("x")',
];

const COUNT = 100_000;
const MESSAGES = `[Array.from({ length: ${COUNT} }, (_, index) => frame(1, String(index)))]`;
const COLLECTS = `
  const all = [];
  const done = () => { console.log(all.length); process.exit(); };
`;

/** Attributes that are read so often that the host optimizes the code that does so. Each program is a process of its own, because the host may end it. */
export const hotAttributes = [
  ...READ.map((expression) => ({
    name: `${expression} with each of ${COUNT} messages`,
    run: (t) => ends(t, `
      const channel = new WebSocketChannel();
      const group = new LoadGroup();
      channel.loadGroup = group;
      channel.asyncOpen(url, null, {
        onMessageAvailable(context, text) {
          all.push([text, ${expression}]);
          if (all.length === ${COUNT}) done();
        },
      }, null);
    `),
  })),
  {
    name: `WebSocket.bufferedAmount with each of ${COUNT} messages`,
    run: (t) => ends(t, `
      const socket = new WebSocket(url);
      socket.onmessage = (event) => {
        all.push([event.data, socket.bufferedAmount]);
        if (all.length === ${COUNT}) done();
      };
    `),
  },
];

async function ends(t, client) {
  const { code, signal, stdout, stderr } = await withSendingServer(MESSAGES, COLLECTS + client);
  t.same([code, signal, stdout.trim()], [0, null, String(COUNT)], stderr);
}
