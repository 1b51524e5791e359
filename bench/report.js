// Computes medians and ratios, and writes the tables.

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
/** The hosts whose own WebSocket is compared with websocket-channel on the first host. */
const OWN = ['Bun', 'Deno'];

const number = (value) => value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
const times = (value) => value === null ? '–' : value >= 10 ? value.toFixed(0) : value.toFixed(2);
const values = (rounds, key = 'value') => (rounds ?? []).filter((round) => !round.failed && Number.isFinite(round[key])).map((round) => round[key]);
const middle = (rounds, key) => {
  const list = values(rounds, key);
  return list.length > 0 ? median(list) : null;
};
const show = (value) => value === null ? '–' : number(value);
const spread = (list) => list.length > 1 ? `${number(median(list))} (${number(Math.min(...list))}–${number(Math.max(...list))})` : show(list[0] ?? null);
const label = (client, host) => client === 'whatwg' && OWN.includes(host) ? `${host}'s own` : NAMES[client];

const below = (value) => value !== null && value < 1 ? `**${times(value)}**` : times(value);

const OTHER_HOSTS = `Sending messages of 1 MiB, ws is about as fast, because it masks a message directly into the memory that is written. Here, the
message is copied into wasm, masked there and copied out, so that wasm's memory stays bounded. A profile on Node 20: 56 % in the
write, 10 % masking, 9 % copying out, 7 % copying in. Bun's and Deno's own are ahead with one message at a time, large messages and text that is
not ASCII: they read and write sockets without Node's streams and JavaScript in between, and Bun makes strings from UTF-8 in native code.`;

const LATENCY = `According to \`--trace-gc\`, websocket-channel causes a third as many scavenges as ws, and neither collects the old space. At 100,000 messages a
second, the slowest thousandth of the messages waits 0.8 to 2.0 times as long as with ws, from run to run. The collector is not the reason: its longest pause is the
same.`;

const IN_THE_BROWSER = `The echo of 16 B costs more than a native one, because every message goes through the channel's states, its acknowledgement and the
listener. In a profile of the build before the last changes to it, the package and the web APIs that it calls took 3.5 µs per message, with no wasm
function above 0.12 µs: \`event.data\` 0.7, \`setTimeout\` 0.7 (fewer calls since), \`encodeInto\` 0.4 (no calls since). The native WebSocket took 20 µs of its
main thread per message. Measured against itself over ten pages each, it differed by 2 to 16 %, so the ratio is no more precise than that.`;

/** How many times better `ours` is than `theirs`: the median of the ratios within each round. For times, less is better. */
function ratio(row, ours, theirs) {
  const ratios = [];
  for (const [round, our] of (ours ?? []).entries()) {
    const their = theirs?.[round];
    if (our.failed || !their || their.failed) continue;
    ratios.push(row.unit === 'ms' ? their.value / our.value : our.value / their.value);
  }
  return ratios.length > 0 ? median(ratios) : null;
}

/** Returns the lowest ratio of websocket-channel to any other client on the host, and the name of that client. */
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

/** Prints one case in the terminal. */
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

/** Returns the text of RESULTS.md. `rows` are the cases; `browser` and `native` are the results of those benchmarks. */
export function results({ rows, browser, native, web = [], server = [], http2 = [], scale = [], latency = [], date }) {
  const judged = rows.filter(({ target }) => target);
  return `# Results
Made by \`npm run bench\` on ${date}: ${cpus()[0].model.trim()}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB,
${versions()}. The machine is shared, so the ratios matter, not the rates.

Each figure is a median over the rounds, with the lowest and the highest in parentheses. In each round the clients take turns,
each in its own process, against a peer in another process: a flood of prepared frames (from Node, in writes of a mebibyte and
more), a sink and an echo server in Rust (\`bench/peer\`), and for TLS a sink in Node. A ratio is the median of the ratios within
each round. undici sends uncompressed messages, and \`websocket\` has no compression: they are left out where they would measure a
different case.

## ${FIRST}: websocket-channel against the best of ws, undici, websocket
${table(['', 'ratio', 'target', 'best peer', 'ratio to the bare socket'], judged.map((row) => {
    const [best, peer] = toBestPeer(row, FIRST);
    const { channel, socket } = row.hosts[FIRST];
    return [`${row.section}: ${row.name}`, best < row.target ? `**${times(best)}**` : times(best), `≥ ${row.target}`, label(peer, FIRST), times(ratio(row, channel, socket))];
  }))}

${missed(judged)}

## ${FIRST}: all clients
Messages per second, or the unit that the case names. After the dot: CPU microseconds per message.

${table(['', ...HOSTS[0].clients.map((client) => NAMES[client])], rows.map((row) => [
    `${row.section}: ${row.name}${row.unit ? `, ${row.unit}` : ''}`,
    ...HOSTS[0].clients.map((client) => {
      const rounds = row.hosts[FIRST][client];
      const cpu = middle(rounds, 'cpu');
      return spread(values(rounds)) + (cpu === null ? '' : ` · ${number(cpu)}`);
    })]))}

${once(rows)}

## Other hosts
For newer Node versions, the ratio to the best of the same peers on that version (undici is Node's own). For Bun and Deno, the ratio
of websocket-channel on ${FIRST} to the host's own WebSocket.

${table(['', 'Node 24', 'Node 26', 'Bun\'s own', 'Deno\'s own'], rows.map((row) => [
    `${row.section}: ${row.name}`,
    ...['Node 24', 'Node 26'].map((host) => {
      const [best, peer] = toBestPeer(row, host);
      return best === null ? '–' : `${below(best)} (${label(peer, host)})`;
    }),
    ...OWN.map((own) => below(ratio(row, row.hosts[FIRST].channel, row.hosts[own]?.whatwg)))]))}

${OTHER_HOSTS}

## ${FIRST}: very many channels
\`node bench/scale.js\`, one process for each line: every connection sends a message of 600 bytes once it is open, and receives it back. Then the connections
do so again in turn, one at a time. The compression contexts of all channels share 64 MiB, enough for 160 of them. Beyond that, each message creates its
context anew. ws with compression is not measured with 10,000 connections, because it keeps a context for each.

${scale.length > 0 ? table(scales.HEAD, scale.map((row) => scales.cells(row, scale))) : 'Not measured here.'}

${webSection(web)}

${serverSection(server)}

${http2Section(http2)}

## ${FIRST}: latency
\`node bench/latency.js\`: the time from the peer's write to the listener's call, at a steady rate, and the time that garbage collection takes meanwhile.

${latency.length > 0 ? table(latencies.HEAD, latency.flatMap(latencies.cells)) : 'Not measured here.'}

${LATENCY}

${plain('In the browser', 'The browser build against the native WebSocket that it uses, in fresh pages.', browser)}

${IN_THE_BROWSER}

${plain('The engine, natively', 'Compiled for this machine, against two Rust libraries on the same bytes (\`criterion\`).', native)}
`;
}

/** Lists the targets that were missed, and why. */
function missed(judged) {
  const rows = judged.filter((row) => toBestPeer(row, FIRST)[0] < row.target);
  const verdict = (row) => (toBestPeer(row, FIRST)[0] >= 0.85 * row.target ? 'Close to the target.' : 'Missed in this run.');
  const lines = rows.map((row) => `- **${row.section}: ${row.name}.** ${row.limit ?? verdict(row)}`);
  for (const row of judged.filter(({ memoryTarget }) => memoryTarget)) {
    if (memoryRatio(row) > row.memoryTarget) {
      lines.push(`- **Memory of a channel: ${times(memoryRatio(row))} of the most frugal peer's; the target is ≤ ${row.memoryTarget}.** ${row.memoryLimit}`);
    }
  }
  return lines.length > 0 ? `### Missed targets\n${lines.join('\n')}` : 'All targets are reached.';
}

/** Returns the table of what is measured once per process. */
function once(rows) {
  const clients = HOSTS[0].clients;
  const of = (mode, key, factor = 1) => {
    const { hosts } = rows.find((row) => row.mode === mode);
    return clients.map((client) => show(middle(hosts[FIRST][client], key)?.valueOf() * factor || null));
  };
  return table(['', ...clients.map((client) => NAMES[client])], [
    ['resident memory per channel, KiB', ...of('channels', 'memory', 1 / 1024)],
    ['import, ms', ...of('start', 'imported')],
    ['start of the first channel after the import, ms', ...of('start', 'first')],
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
    return [`${name}, ${unit}`, ...names.map((one) => spread(all[one])), times(best) + (target ? ` (target ${target})` : '')];
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

const COMPARED = `These are three rounds on a shared machine, where a case that is measured again may differ by a tenth or more either way. Most cells are within 5 %; messages of 1 KiB arrive more slowly in
this run, and the small ones are where the façade in Rust costs most.`;

const COMPARISON = '## Before and after';

const WEB = '## The web\'s own classes';

function webSection(web) {
  return `${WEB}
Messages per second of \`WebSocket\` (\`onmessage\`, \`binaryType\` \`arraybuffer\`) and \`WebSocketStream\`, each in its own process, in turns
(\`npm run bench -- --web\`). The column undici is the host's own class (on Node 20, the class of the package undici). A ratio in bold is below its target, which
follows in parentheses.

${web.length > 0 ? table(webs.HEAD, web.flatMap(webs.cells)) : 'Not measured here.'}`;
}

const SERVER = '## The server\'s end';

function serverSection(server) {
  return `${SERVER}
\`asyncAccept\` on \`node:http\` and ws with bufferutil, both on ${FIRST}, and Bun's own server (µWebSockets, in Bun), each in its own process, in turns. The clients
are a native program on the same two cores (\`npm run bench -- --server\`). Figures are messages per second, unless the line says otherwise; the ratio is the median of
the rounds' ratios. Ratios in bold miss their target. A broadcast needs a system call for each member, which is most of its cost: the line below it shows what Node's
sockets allow. Ten broadcasts in a tick need only one system call per member. To accept a connection, Node and the system
take 78 % of the process's CPU time (\`--cpu-prof\`): if all code of this package took no time, the ratio would be about 1.05. Memory is measured with a young generation of V8 that stays small, because its steps are no connection's memory.

${server.length > 0 ? table(servers.HEAD, server.map(servers.cells)) : 'Not measured here.'}`;
}

const HTTP2 = '## HTTP/2';

function http2Section(http2) {
  return `${HTTP2}
Echoed messages per second on ${FIRST}: 64 channels of this package on one session, against 64 on separate TLS sockets, in turns. The server and the client each
have their own process (\`npm run bench -- --http2\`). node:http2 does the work in between. Ratios in bold miss their target.

${http2.length > 0 ? table(sessions.HEAD, http2.map(sessions.cells)) : 'Not measured here.'}`;
}

/** Returns the text with these sections replaced in place, each with the date of today. A section ends at the next heading. */
export function withSections(text, { web, server, http2 }) {
  const renewed = [web && [WEB, webSection(web)], server && [SERVER, serverSection(server)], http2 && [HTTP2, http2Section(http2)]].filter(Boolean);
  return renewed.reduce((whole, [heading, section]) => {
    const start = whole.indexOf(heading);
    const end = whole.indexOf('\n## ', start);
    return `${whole.slice(0, start)}${section}\n\nMeasured by itself, on ${new Date().toISOString().slice(0, 10)}.\n${whole.slice(end)}`;
  }, text);
}

/** Returns the comparison at the end of a report, or an empty string. A full run does not measure it anew. */
export function comparisonIn(text) {
  const start = text.indexOf(`${COMPARISON}\n`);
  return start < 0 ? '' : text.slice(start);
}

/** Returns the report with the comparison of two builds at its end, in place of an older one. */
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
This build against ${comparison.commit}, in turns on ${FIRST}, ${comparison.date}
(\`npm run bench -- --against FOLDER\`). The figures are medians. The ratio is the median of the rounds' ratios; above 1, this build is better. Memory is that of
a channel in this build, as a share of the other build's.

| messages/s, or the unit in the name | before | after | ratio | memory |
|---|---|---|---|---|
${rows.join('\n')}

${COMPARED}
`;
}
