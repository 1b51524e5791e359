#!/usr/bin/env node
// `npx websocket-channel`: a WebSocket client, server and load generator for the terminal. scripts/build.js bundles it into cli.mjs.

import { connect } from './client.js';
import { HELP } from './flags.js';
import { listen } from './listen.js';
import { load } from './load.js';
import { parse } from './options.js';
import { inFlags } from './outcome.js';
import { USAGE_ERROR, UsageError } from './usage_error.js';
import { VERSION } from 'build:constants';

async function main() {
  const options = parse(process.argv.slice(2));
  if (options.help) return console.log(HELP);
  if (options.version) return console.log(VERSION);
  if (options.listen !== undefined) return listen(options);
  if (options.load !== undefined) return load(options);
  return connect(options);
}

// The reader of stdout may stop before the end (`| head`), which is not a failure.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') process.stderr.write(`stdout cannot be written: ${error.message}.\n`);
  process.exit(error.code === 'EPIPE' ? 0 : 1);
});
process.stderr.on('error', () => {}); // notes are lost then, but no messages

try {
  process.exitCode = (await main()) ?? 0;
} catch (error) {
  // A ChannelError thrown here is about an option or the URI.
  if (!(error instanceof UsageError) && error.result === undefined) throw error;
  console.error(`websocket-channel: ${inFlags(error.message, error.cause)}\nTry: websocket-channel --help`);
  process.exitCode = USAGE_ERROR;
}
