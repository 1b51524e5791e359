import assert from 'node:assert/strict';
import { GraphQLInt, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { createClient } from 'graphql-ws';
import { useServer } from 'graphql-ws/use/ws';
import { startWs, until } from '../harness/server.js';

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { hello: { type: GraphQLString, resolve: () => 'world' } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      count: { type: GraphQLInt, async* subscribe() { for (let count = 1; count <= 5; count++) yield { count }; } },
      forever: { type: GraphQLInt, async* subscribe() { for (let forever = 1; ; forever++) { yield { forever }; await new Promise((resolve) => setTimeout(resolve, 5)); } } },
    },
  }),
});

const startServer = async () => {
  const { server, url } = await startWs(() => {}, { handleProtocols: () => 'graphql-transport-ws' });
  useServer({ schema, onConnect: ({ connectionParams }) => connectionParams?.token !== 'wrong' }, server);
  return { server, url };
};

async function collect(iterator) {
  const values = [];
  for await (const value of iterator) values.push(value);
  return values;
}

export const graphql = {
  async 'graphql-ws: a query and a subscription'(WebSocket) {
    const { url } = await startServer();
    const client = createClient({ url, webSocketImpl: WebSocket });
    assert.deepEqual(await collect(client.iterate({ query: '{ hello }' })), [{ data: { hello: 'world' } }]);
    const counted = await collect(client.iterate({ query: 'subscription { count }' }));
    assert.deepEqual(counted.map(({ data }) => data.count), [1, 2, 3, 4, 5]);
    await client.dispose();
    assert.equal(WebSocket.sockets[0].protocol, 'graphql-transport-ws');
  },

  async 'graphql-ws: after the connection is cut, the subscription starts again on a new one'(WebSocket) {
    const { server, url } = await startServer();
    const client = createClient({ url, webSocketImpl: WebSocket, retryAttempts: 3, retryWait: () => new Promise((resolve) => setTimeout(resolve, 20)), shouldRetry: () => true });
    const seen = [];
    const stop = client.subscribe({ query: 'subscription { forever }' }, { next: ({ data }) => seen.push(data.forever), error() {}, complete() {} });
    await until(() => seen.length > 2, 'three values');
    for (const socket of server.clients) socket.terminate();
    await until(() => seen.filter((one) => one === 1).length === 2, 'the subscription on a new connection');
    stop();
    await client.dispose();
    assert.equal(WebSocket.sockets.length, 2);
  },

  async 'graphql-ws: the server closes with 4403, and the client gets the code and the reason'(WebSocket) {
    const { url } = await startServer();
    const client = createClient({ url, webSocketImpl: WebSocket, connectionParams: { token: 'wrong' }, retryAttempts: 0 });
    const error = await collect(client.iterate({ query: '{ hello }' })).catch((it) => it);
    assert.deepEqual([error.code, error.reason, error.wasClean], [4403, 'Forbidden', true]);
  },
};
