import { program } from '../harness/own_process.js';

/** What a program calls when the stack is nearly used up, and what its channel must still do then. */
const ECHOES = 'await echo(one, "end")';
const CALLS = {
  'sendMsg("x")': ['one.sendMsg("x")', ECHOES],
  'sendMsg of 70,000 characters that are not ASCII': ['one.sendMsg("é".repeat(70_000))', ECHOES],
  'sendBinaryMsg of 200 kB': ['one.sendBinaryMsg(new Uint8Array(200_000))', ECHOES],
  sendBinaryStream: ['one.sendBinaryStream(blob)', ECHOES],
  sendPing: ['one.sendPing("a")', ECHOES],
  'close()': ['one.close()', 'await stopped'],
  asyncOpen: ['make().asyncOpen(url, null, {}, null)', ECHOES],
  'a broadcast': ['group.sendMsg("x".repeat(1000))', ECHOES],
  'cancel() of a load group': ['group.cancel()', ECHOES],
  'WebSocket.send': ['socket.send("x")', 'await new Promise((resolve) => { socket.onmessage = resolve; })'],
  'WebSocket.close': ['socket.close()', 'await new Promise((resolve) => { socket.onclose = resolve; })'],
  'new WebSocket': ['new WebSocket(url)', ECHOES],
  'new WebSocketChannel with options': ['new WebSocketChannel({ openTimeoutMs: 1000 })', ECHOES],
  'new LoadGroup': ['new LoadGroup()', ECHOES],
  'attributes that are written': ['idle.protocol = "a"; idle.pingInterval = 0; one.loadGroup = null', ECHOES],
  'util.inspect of a channel and a load group': ['inspect(one) + inspect(group)', ECHOES],
  'attributes that are read': ['one.state + one.status + one.bufferedAmount + one.URI + one.extensions + one.httpResponse + [...group]', ECHOES],
};

const OPEN = `
  import { inspect } from 'node:util';
  import { LoadGroup, WebSocket } from 'websocket-channel';
  const [, url] = process.argv;
  const group = new LoadGroup();
  const blob = new Blob(['abc']);
  const make = () => new WebSocketChannel();
  const idle = make();
  const open = (loadGroup = null, onStop = undefined) => new Promise((resolve) => {
    const channel = make();
    channel.loadGroup = loadGroup;
    channel.asyncOpen(url, null, { onStop, onStart: () => resolve(channel), onMessageAvailable: (_, text) => channel.heard?.(text) }, null);
  });
  const echo = (channel, text) => new Promise((resolve) => {
    channel.heard = (it) => { if (it === text) resolve(it); };
    channel.sendMsg(text);
  });
`;

/** A stack overflow that the program catches, as a server does that goes on after a request that failed. Each program is a process of its own. */
export const stackOverflows = [
  {
    name: 'sendMsg in each frame of recursions that overflow: all channels go on, and new ones open',
    run: (t) => goesOn(t, `
      const shift = (frames) => (frames > 0 ? shift(frames - 1) + 1 : recurse());
      const recurse = () => { one.sendMsg('x'); return recurse() + 1; };
      for (let frames = 0; frames < 12; frames++) {
        try { shift(frames); } catch ({ name }) { errors.add(name); }
        await echo(one, 'end ' + frames);
      }
    `),
  },
  ...Object.entries(CALLS).map(([what, [call, proof]]) => ({
    name: `${what}, called where the stack overflows, and in the frames before until it returns: all channels go on, and new ones open`,
    run: (t) => goesOn(t, `
      let returned = false;
      function recurse() {
        try {
          recurse();
        } catch (error) {
          if (!returned) {
            try { ${call}; returned = true; } catch ({ name }) { errors.add(name); }
          }
          throw error;
        }
      }
      try { recurse(); } catch { /* the program goes on */ }
      ${proof};
    `),
  })),
];

async function goesOn(t, overflow) {
  const { code, stdout, stderr } = await program(`
    ${OPEN}
    let stop;
    const stopped = new Promise((resolve) => { stop = resolve; });
    const [one, other] = [await open(null, stop), await open(), await open(group)];
    const socket = new WebSocket(url);
    await new Promise((resolve) => { socket.onopen = resolve; });
    await echo(one, 'before'); // with its first call, V8 compiles a function of wasm, which takes more of the stack
    const errors = new Set();
    ${overflow}
    console.log([...errors].join(), await echo(other, 'after'), await echo(await open(), 'new'));
    process.exit();
  `, t.peer('ws', '/echo'));
  t.same([code, stdout.trim()], [0, 'RangeError after new'], stderr);
}
