import assert from 'node:assert/strict';
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client';
import { initTRPC, tracked } from '@trpc/server';
import { applyWSSHandler } from '@trpc/server/adapters/ws';
import { startWs, until } from '../harness/server.js';

const t = initTRPC.create();
const text = (value) => {
  if (typeof value !== 'string') throw new TypeError('a string is needed');
  return value;
};
const router = t.router({
  greet: t.procedure.input(text).query(({ input }) => `hello ${input}`),
  fail: t.procedure.mutation(() => { throw new Error('on purpose'); }),
  ticks: t.procedure.subscription(async function* () {
    for (let at = 1; ; at++) {
      yield tracked(`${at}`, at);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }),
});

export const trpc = {
  async 'wsLink: concurrent queries, an error, and a subscription that outlives its connection'(WebSocket) {
    const { server, url } = await startWs();
    applyWSSHandler({ wss: server, router, createContext: () => ({}), keepAlive: { enabled: true, pingMs: 100, pongWaitMs: 2000 } });
    const socket = createWSClient({ url, WebSocket, retryDelayMs: () => 10 });
    const client = createTRPCClient({ links: [wsLink({ client: socket })] });

    const greetings = await Promise.all(['a', 'b', 'é'].map((name) => client.greet.query(name)));
    assert.deepEqual(greetings, ['hello a', 'hello b', 'hello é']);
    await assert.rejects(client.fail.mutate(), /on purpose/);

    const seen = [];
    const subscription = client.ticks.subscribe(undefined, { onData: ({ data }) => seen.push(data) });
    await until(() => seen.length > 2, 'three ticks');
    for (const one of server.clients) one.terminate();
    await until(() => seen.filter((one) => one === 1).length === 2, 'the subscription on a new connection');
    subscription.unsubscribe();
    await socket.close();
    assert.equal(WebSocket.sockets.length, 2);
  },
};
