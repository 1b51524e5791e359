// Medians, ratios, tables.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { HOSTS } from './cases.js';
import * as latencies from './latency.js';
import * as scales from './scale.js';
import * as sessions from './http2.js';
import * as servers from './server.js';
import * as webs from './web.js';
import { median } from './shared.js';

const NAMES = { channel: 'websocket-channel', before: 'before', ws: 'ws', whatwg: 'undici', websocket: 'websocket', socket: 'bare socket' };
const FIRST = HOSTS[0].name;
/** A host whose own WebSocket is a peer of what websocket-channel does on the first host. */
const OWN = ['Bun', 'Deno'];

const number = (value) => value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
const times = (value) => value === null ? '–' : value >= 10 ? value.toFixed(0) : value.toFixed(2);
const values = (rounds, key = 'value') => (rounds ?? []).filter((round) => !round.failed && Number.isFinite(round[key])).map((round) => round[key]);
const middle = (rounds, key) => {
  const list = values(rounds, key);
  return list.length > 0 ? median(list) : null;
};
const show = (value) => value === null ? '–' : number(value);
const spread = (list) => list.length > 0 ? `${number(median(list))} (${number(Math.min(...list))}–${number(Math.max(...list))})` : '–';
const label = (client, host) => client === 'whatwg' && OWN.includes(host) ? `${host}'s own` : NAMES[client];

const below = (value) => value !== null && value < 1 ? `**${times(value)}**` : times(value);

const OTHER_HOSTS = `Where ws is ahead with messages of 1 MiB on newer Node versions: it masks a message straight into the memory that is written;
here the message is copied into wasm, masked there
and copied out, so that wasm's memory stays bounded. Profile on Node 20: 46 % in the write, 26 % copying out, 5 % copying in, 5 %
masking. Where Bun's and Deno's own are ahead, it is one message at a time, large messages and text that is not ASCII: they read and
write sockets without Node's streams and JavaScript between, and Bun makes strings of UTF-8 in native code.`;

const LATENCY = `By \`--trace-gc\`, websocket-channel has a third of ws's scavenges, and neither collects the old space. Why the last thousandth waits longer than with ws
at 100,000 messages a second (1.1 to 2.0 times, from run to run) has not been found: it is not the collector, whose longest pause is the same.`;

const IN_THE_BROWSER = `Where the echo of 16 B is short of it: every message goes through the channel's states, its acknowledgement and the listener. A
profile of the build before the last changes to it gave the package and the web APIs that it calls 3.5 µs a message, no wasm
function above 0.12 µs: \`event.data\` 0.7, \`setTimeout\` 0.7 (fewer since), \`encodeInto\` 0.4 (none since); native took 20 µs a message of
its main thread. The native WebSocket against itself differed by 2 to 16 % over ten pages each, so the figure is no sharper than that.`;

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

/** A channel's memory as a share of the most frugal peer's. */
function memoryRatio({ hosts }) {
  const { channel, socket, ...peers } = hosts[FIRST];
  const theirs = Object.values(peers).map((rounds) => middle(rounds, 'memory'));
  return middle(channel, 'memory') / Math.min(...theirs);
}

/** One case, for the terminal. */
export function printCase(row) {
  const { section, name, unit = 'messages/s', target, hosts } = row;
  console.log(`\n${section}: ${name}, ${unit}`);
  for (const [host, clients] of Object.entries(hosts)) {
    for (const [client, rounds] of Object.entries(clients)) {
      const line = `  ${host.padEnd(8)}${label(client, host).padEnd(20)}`;
      const failed = rounds.find((round) => round.failed);
      console.log(failed ? `${line} ${failed.failed}` : `${line}${spread(values(rounds)).padStart(36)}  ${details(rounds)}`);
    }
    const [best, peer] = toBestPeer(row, host);
    const judged = host === FIRST && target ? `  (target ${target}${best < target ? ', MISSED' : ''})` : '';
    if (best !== null) console.log(`  ${host.padEnd(8)}${`× ${label(peer, host)}`.padEnd(20)} ${times(best).padStart(8)}${judged}`);
  }
  for (const own of OWN) {
    const against = ratio(row, hosts[FIRST]?.channel, hosts[own]?.whatwg);
    if (against !== null) console.log(`  ${`${FIRST} × ${own}'s own`.padEnd(28)} ${times(against).padStart(8)}`);
  }
}

function details(rounds) {
  const of = (key, what, factor = 1) => values(rounds, key).length > 0 && `${number(middle(rounds, key) * factor)} ${what}`;
  return [of('cpu', 'µs CPU'), of('wire', 'B on the wire'), of('memory', 'KiB each', 1 / 1024), of('imported', 'ms import'), of('first', 'ms first')]
    .filter(Boolean).join(', ');
}

const table = (head, rows) => [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** RESULTS.md. `rows` are the cases, `browser` and `native` what their own benchmarks answered. */
export function results({ rows, browser, native, web = [], server = [], http2 = [], scale = [], latency = [], date }) {
  const judged = rows.filter(({ target }) => target);
  return `# Results
Made by \`npm run bench\` on ${date}: ${cpus()[0].model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB,
${versions()}. The machine is a shared one: ratios count, not rates.

Each figure is a median over the rounds, with the lowest and the highest in parentheses. In each round the clients take turns,
each in a process of its own, against a peer in another: a flood of frames built beforehand (Node; its writes are of a
mebibyte and more), a sink and an echo server in Rust (\`bench/peer\`), for TLS a sink in Node. A ratio is the median of the
ratios within each round. undici sends uncompressed, and \`websocket\` has no compression: they are left out where that would be
another case.

## ${FIRST}: websocket-channel against the best of ws, undici, websocket
${table(['', 'ratio', 'to reach', 'the best peer', 'of the bare socket'], judged.map((row) => {
    const [best, peer] = toBestPeer(row, FIRST);
    const { channel, socket } = row.hosts[FIRST];
    return [`${row.section}: ${row.name}`, best < row.target ? `**${times(best)}**` : times(best), `≥ ${row.target}`, label(peer, FIRST), times(ratio(row, channel, socket))];
  }))}

${missed(judged)}

## ${FIRST}: all clients
Messages a second, or what else the case says; after the point CPU microseconds a message.

${table(['', ...HOSTS[0].clients.map((client) => NAMES[client])], rows.map((row) => [
    `${row.section}: ${row.name}${row.unit ? `, ${row.unit}` : ''}`,
    ...HOSTS[0].clients.map((client) => {
      const rounds = row.hosts[FIRST][client];
      const cpu = middle(rounds, 'cpu');
      return spread(values(rounds)) + (cpu === null ? '' : ` · ${number(cpu)}`);
    })]))}

${once(rows)}

## Other hosts
On newer Node versions, the ratio to the best of the same peers there (undici is Node's own). Of Bun and Deno, the ratio of
websocket-channel on ${FIRST} to the host's own WebSocket.

${table(['', 'Node 24', 'Node 26', 'Bun\'s own', 'Deno\'s own'], rows.map((row) => [
    `${row.section}: ${row.name}`,
    ...['Node 24', 'Node 26'].map((host) => {
      const [best, peer] = toBestPeer(row, host);
      return best === null ? '–' : `${below(best)} (${label(peer, host)})`;
    }),
    ...OWN.map((own) => below(ratio(row, row.hosts[FIRST].channel, row.hosts[own]?.whatwg)))]))}

${OTHER_HOSTS}

## ${FIRST}: very many channels
\`node bench/scale.js\`, each line a process: every connection sends a message of 600 bytes once it is open, and hears it back; then each in turn, one at a
time. The compression contexts of all channels share 64 MiB, which hold those of 160: beyond that each message makes its own anew. ws
compressing is not measured with 10,000: it keeps a context for each.

${scale.length > 0 ? table(scales.HEAD, scale.map((row) => scales.cells(row, scale))) : 'Not measured here.'}

${webSection(web)}

${serverSection(server)}

${http2Section(http2)}

## ${FIRST}: latency
\`node bench/latency.js\`: from the peer's write to the listener, at a steady rate, and what collecting garbage takes meanwhile.

${latency.length > 0 ? table(latencies.HEAD, latency.flatMap(latencies.cells)) : 'Not measured here.'}

${LATENCY}

${plain('In the browser', 'The browser build against the native WebSocket that it drives, in fresh pages.', browser)}

${IN_THE_BROWSER}

${plain('The engine, natively', 'Compiled for this machine, against two Rust libraries on the same bytes (\`criterion\`).', native)}
`;
}

/** What was not reached, and why. */
function missed(judged) {
  const rows = judged.filter((row) => toBestPeer(row, FIRST)[0] < row.target);
  const verdict = (row) => (toBestPeer(row, FIRST)[0] >= 0.85 * row.target ? 'Close to what it is to reach.' : 'Not reached in this run.');
  const lines = rows.map((row) => `- **${row.section}: ${row.name}.** ${row.limit ?? verdict(row)}`);
  for (const row of judged.filter(({ memoryTarget }) => memoryTarget)) {
    if (memoryRatio(row) > row.memoryTarget) {
      lines.push(`- **Memory of a channel: ${times(memoryRatio(row))} of the most frugal peer's, to reach ≤ ${row.memoryTarget}.** ${row.memoryLimit}`);
    }
  }
  return lines.length > 0 ? `### What is not reached\n${lines.join('\n')}` : 'All is reached.';
}

/** What is measured once a process. */
function once(rows) {
  const clients = HOSTS[0].clients;
  const of = (mode, key, factor = 1) => {
    const { hosts } = rows.find((row) => row.mode === mode);
    return clients.map((client) => show(middle(hosts[FIRST][client], key)?.valueOf() * factor || null));
  };
  return table(['', ...clients.map((client) => NAMES[client])], [
    ['resident memory of each channel, KiB', ...of('channels', 'memory', 1 / 1024)],
    ['import, ms', ...of('start', 'imported')],
    ['the first one\'s start after that, ms', ...of('start', 'first')],
  ]);
}

function plain(title, text, rows) {
  if (rows.length === 0) return `## ${title}\nNot measured here.`;
  const names = Object.keys(rows[0].results);
  return `## ${title}
${text} ${rows[0].section}.

${table(['', ...names, 'ratio'], rows.map(({ name, unit, results: all, lowerIsBetter, target }) => {
    const [ours, ...theirs] = names.map((one) => median(all[one]));
    const best = lowerIsBetter ? Math.min(...theirs) / ours : ours / Math.max(...theirs);
    return [`${name}, ${unit}`, ...names.map((one) => spread(all[one])), times(best) + (target ? ` (to reach ${target})` : '')];
  }))}`;
}

function versions() {
  const version = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url))).version;
  const hosts = HOSTS.slice(1).map(({ name, npm }) => {
    try {
      return execFileSync(new URL(`node_modules/${npm}`, import.meta.url).pathname, ['--version'], { encoding: 'utf8' }).match(/\d+\.\d+\.\d+/)[0];
    } catch {
      return `${name} absent`;
    }
  });
  const peers = ['ws', 'bufferutil', 'undici', 'websocket'].map((name) => `${name} ${version(name)}`);
  return `Node ${process.versions.node}, ${hosts.slice(0, 2).join(', ')}, Bun ${hosts[2]}, Deno ${hosts[3]}; ${peers.join(', ')}`;
}

const COMPARED = `Three rounds on a shared machine: in a run of five rounds on the same day the two cases of opening were at 0.97 and 0.99, and in one of three the cases of
permessage-deflate at 0.97 to 1.01. What is slower for certain is sending small messages: every send is a call into wasm and from there one back into JavaScript for the send
window, which costs some 25 ns. Opening was slower, too (0.80), until \`httpResponse\` was made when it is read, property names were interned, and empty options
were not parsed.`;

const COMPARISON = '## Before and after';

const WEB = '## The web\'s own classes';

function webSection(web) {
  return `${WEB}
Messages a second of \`WebSocket\` (\`onmessage\`, \`binaryType\` \`arraybuffer\`) and \`WebSocketStream\`, each in a process of its own, in turns
(\`npm run bench -- --web\`). The column undici is the host's own class (on Node 20 that of the package undici). A ratio in bold is below what it is to reach,
which stands behind it.

${web.length > 0 ? table(webs.HEAD, web.flatMap(webs.cells)) : 'Not measured here.'}`;
}

const SERVER = '## The server\'s end';

function serverSection(server) {
  return `${SERVER}
\`asyncAccept\` on \`node:http\` beside ws with bufferutil on ${FIRST} and Bun's own server (µWebSockets, in Bun), each in a process of its own, in turns, with a native program as its clients on the same two cores
(\`npm run bench -- --server\`). Of messages a second, or as the line says; the ratio is the median of the rounds' ratios. In bold: not what is to be reached. A broadcast
costs a system call for each member, which is most of it: the line below it shows what Node's sockets allow. Ten in a tick go out in one.

${server.length > 0 ? table(servers.HEAD, server.map(servers.cells)) : 'Not measured here.'}`;
}

const HTTP2 = '## HTTP/2';

function http2Section(http2) {
  return `${HTTP2}
Messages that come back a second on ${FIRST}: 64 channels of this package on one session, against 64 on TLS sockets of their own, the server and the client in a process each, in turns
(\`npm run bench -- --http2\`). node:http2 does the work in between. In bold: not what is to be reached.

${http2.length > 0 ? table(sessions.HEAD, http2.map(sessions.cells)) : 'Not measured here.'}`;
}

/** The text with these sections anew, each in the place where it stands; a section runs to the next heading. */
export function withSections(text, { web, server, http2 }) {
  const renewed = [web && [WEB, webSection(web)], server && [SERVER, serverSection(server)], http2 && [HTTP2, http2Section(http2)]].filter(Boolean);
  return renewed.reduce((whole, [heading, section]) => {
    const start = whole.indexOf(heading);
    const end = whole.indexOf('\n## ', start);
    return `${whole.slice(0, start)}${section}\n${whole.slice(end)}`;
  }, text);
}

/** The report with the table of two builds at its end, in place of an older one. */
export function withComparison(text, comparison) {
  const [start] = text.split(`${COMPARISON}\n`);
  if (comparison === null) return text;
  const rows = comparison.rows.map((row) => {
    const { channel, before } = row.hosts[FIRST];
    const memory = middle(channel, 'memory') / middle(before, 'memory');
    return `| ${row.section}: ${row.name} | ${show(middle(before))} | ${show(middle(channel))} | ${times(ratio(row, channel, before))} | `
      + `${Number.isFinite(memory) ? times(memory) : ''} |`;
  });
  return `${start.trimEnd()}

${COMPARISON}
This build and that of ${comparison.commit}, in turns on ${FIRST}, ${comparison.date}
(\`npm run bench -- --against FOLDER\`). Medians of each; the ratio is the median of the rounds' ratios, above 1 where this build is better. Memory is a
channel's, this build's as a share of the other's.

| messages/s, or as the name says | before | after | ratio | memory |
|---|---|---|---|---|
${rows.join('\n')}

${COMPARED}
`;
}
