// Medians, ratios, tables.

import { cpus, release, totalmem } from 'node:os';

const NAMES = { channel: 'websocket-channel', ws: 'ws', whatwg: 'undici', websocket: 'websocket', socket: 'bare socket' };
const FIRST = 'Node 20';

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

const number = (value) => value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
const times = (value) => value === null ? '–' : value >= 10 ? value.toFixed(0) : value.toFixed(2);
const values = (rounds, key = 'value') => rounds?.filter((round) => !round.failed).map((round) => round[key]) ?? [];
const spread = (list) => `${number(median(list))} (${number(Math.min(...list))}–${number(Math.max(...list))})`;

/** How many times better `ours` is than `theirs`: the median of the ratios within each round. Less is better of what takes time. */
function ratio(row, ours, theirs) {
  const ratios = [];
  for (const [round, our] of (ours ?? []).entries()) {
    const their = theirs?.[round];
    if (our.failed || !their || their.failed) continue;
    ratios.push(row.unit === 'ms' ? their.value / our.value : our.value / their.value);
  }
  return ratios.length > 0 ? median(ratios) : null;
}

/** The lowest ratio of a host's websocket-channel to one of the other clients there, and who that is. */
function toBestPeer(row, host) {
  const { channel, socket, ...peers } = row.hosts[host] ?? {};
  const ratios = Object.keys(peers).map((name) => [ratio(row, channel, peers[name]), name]).filter(([value]) => value !== null);
  return ratios.toSorted(([a], [b]) => a - b)[0] ?? [null, null];
}

export function printCase(row) {
  const { section, name, unit = 'messages/s', target, hosts } = row;
  console.log(`\n${section}: ${name}, ${unit}`);
  for (const [host, clients] of Object.entries(hosts)) {
    for (const [client, rounds] of Object.entries(clients)) {
      const list = values(rounds);
      if (list.length === 0) {
        console.log(`  ${host.padEnd(8)}${label(client, host).padEnd(20)} ${rounds[0].failed}`);
        continue;
      }
      const cpu = values(rounds, 'cpu').filter(Number.isFinite);
      const more = [
        cpu.length > 0 && `${number(median(cpu))} µs CPU`,
        rounds[0].wire && `${number(median(values(rounds, 'wire')))} B on the wire`,
        rounds[0].memory && `${number(median(values(rounds, 'memory')) / 1024)} KiB each`,
        rounds[0].imported && `import ${number(median(values(rounds, 'imported')))} ms, first ${number(median(values(rounds, 'first')))} ms`,
      ].filter(Boolean).join(', ');
      console.log(`  ${host.padEnd(8)}${label(client, host).padEnd(20)}${spread(list).padStart(36)}  ${more}`);
    }
    const [best, peer] = toBestPeer(row, host);
    if (best !== null) console.log(`  ${host.padEnd(8)}${`× ${label(peer, host)}`.padEnd(20)} ${times(best).padStart(8)}${host === FIRST && target ? `  (target ${target}${best < target ? ', MISSED' : ''})` : ''}`);
  }
  for (const own of ['Bun', 'Deno']) {
    const against = ratio(row, hosts[FIRST]?.channel, hosts[own]?.whatwg);
    if (against !== null) console.log(`  ${`${FIRST} × ${own}'s own`.padEnd(28)} ${times(against).padStart(8)}`);
  }
}

const label = (client, host) => client === 'whatwg' && !host.startsWith('Node') ? `${host}'s own` : NAMES[client];

export function results(rows) {
  return JSON.stringify(rows, null, 1);
}

export { cpus, release, totalmem };
