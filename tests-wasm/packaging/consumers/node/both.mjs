// A program that uses both import and require, as its dependencies may. Both get the same instance.
import { createRequire } from 'node:module';
import * as imported from 'websocket-channel';
import { talk } from './talk.mjs';

const required = createRequire(import.meta.url)('websocket-channel');
const names = [...new Set([...Object.keys(imported), ...Object.keys(required)])].sort();
console.log(JSON.stringify(['same', names.filter((name) => imported[name] === required[name])]));
console.log(JSON.stringify(['different', names.filter((name) => imported[name] !== required[name])]));

// A group and a channel from different ways work together, and so do their errors.
const channel = new imported.WebSocketChannel();
channel.loadGroup = new required.LoadGroup();
try {
  channel.sendMsg('too early');
} catch (error) {
  console.log(JSON.stringify(['thrown', error instanceof required.ChannelError, error.name]));
}
const { WebSocketChannel } = imported;
const { statusName } = required;
talk({ WebSocketChannel, statusName }, process.argv[2], console.log);
