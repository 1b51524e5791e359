// Compares our classes of the web with those of undici, ws, Deno and Bun, and with the channel beneath them. `npm run bench -- --web`.

import { median } from './shared.js';

const receive = (name, kind, size, more) => ({ name, mode: 'receive', peer: 'flood', kind, size, ...more });

/** `atLeast`: for some clients, the target for the ratio of our rate to theirs. */
const CASES = [
  receive('WebSocket, receive: text 16 B, onmessage', 'text', 16, { ours: 'web', others: ['whatwg', 'ws_web', 'channel'], atLeast: { whatwg: 3, ws_web: 1.5 } }),
  receive('WebSocket, receive: binary 64 KiB', 'binary', 65_536, { ours: 'web', others: ['whatwg', 'ws_web', 'channel'], atLeast: { channel: 0.8 } }),
  ...['text', 'binary'].map((kind) => ({ name: `WebSocket, send: ${kind} 16 B, a thousand a tick`, mode: 'send', peer: 'sink', kind, size: 16, perTick: 1000,
    ours: 'web', others: ['whatwg', 'ws_web', 'channel'], atLeast: { channel: 0.8 } })),
  { name: 'WebSocket, echo: 125 B, 64 in flight', mode: 'echo', peer: 'echo', kind: 'text', size: 125, inFlight: 64, ours: 'web', others: ['whatwg', 'ws_web', 'channel'],
    atLeast: { channel: 0.8 } },
  receive('WebSocketStream, receive: text 16 B', 'text', 16, { ours: 'web_stream', others: ['whatwg_stream'], atLeast: { whatwg_stream: 2 } }),
  receive('WebSocketStream, receive: binary 64 KiB', 'binary', 65_536, { ours: 'web_stream', others: ['whatwg_stream'], atLeast: { whatwg_stream: 2 } }),
];

/** Returns rows of { name, atLeast, ours, hosts: { 'Node 20': { client: messages per second } } }: medians, or null if every round failed. */
export async function measureWeb(hosts, rounds, measureOne, log) {
  const rows = [];
  for (const { ours, others, atLeast, ...one } of CASES) {
    const row = { name: one.name, ours, atLeast, hosts: {} };
    for (const host of hosts) {
      const isNode = host.name.startsWith('Node');
      const clients = isNode ? [ours, ...others] : others.filter((client) => client === 'whatwg');
      const measured = Object.fromEntries(clients.map((client) => [client, []]));
      for (let round = 0; round < rounds; round++) {
        for (const client of round % 2 === 0 ? clients : clients.toReversed()) {
          const { value, failed } = await measureOne(host, { ...one, section: 'Web', client });
          if (failed) log(`FAILED: ${host.name}, ${failed}`);
          else measured[client].push(value);
        }
      }
      row.hosts[host.name] = Object.fromEntries(clients.map((client) => [client, measured[client].length > 0 ? median(measured[client]) : null]));
    }
    rows.push(row);
    for (const line of cells(row)) log(line.join('  '));
  }
  return rows;
}

export const HEAD = ['', 'host', 'ours', 'undici (the host\'s own)', 'ws', 'channel', 'ratio to undici', 'ratio to ws', 'ratio to channel'];

const number = (value) => value === null || value === undefined ? '–' : Math.round(value).toLocaleString('en');

/** Returns a row's lines, one for each host. A ratio in bold is below its target. */
export function cells({ name, ours, atLeast, hosts }) {
  return Object.entries(hosts).map(([host, rates]) => {
    const own = rates[ours];
    const peers = { whatwg: rates.whatwg ?? rates.whatwg_stream, ws_web: rates.ws_web, channel: rates.channel };
    const ratio = (client, ...names) => {
      if (!own || !peers[client]) return '–';
      const least = names.map((it) => atLeast[it]).find(Boolean);
      const text = (own / peers[client]).toFixed(2);
      return least > own / peers[client] ? `**${text}** (${least})` : text;
    };
    return [name, host, number(own), number(peers.whatwg), number(peers.ws_web), number(peers.channel), ratio('whatwg', 'whatwg', 'whatwg_stream'),
      ratio('ws_web', 'ws_web'), ratio('channel', 'channel')];
  });
}
