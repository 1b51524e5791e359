// The command's flags, in one table: options.js parses them, and the help lists them.

import { EXIT_CODES } from './outcome.js';

/** [name, short name, the name of its value or null, what it does]. A flag whose name ends with + may be given several times. */
const FLAGS = {
  'Messages': [
    ['send+', 's', 'TEXT', 'send this text once the connection is open, before anything else'],
    ['send-file+', null, 'FILE', 'send this file as a binary message, after the texts of --send; - is stdin'],
    ['once', '1', null, 'end after the first message'],
    ['count', 'n', 'N', 'end after N messages'],
    ['wait', 'w', 'SECONDS', 'after stdin has ended, close once no message has arrived for this many seconds; "forever" never closes (default 1; 0 on a terminal; forever with --once or --count)'],
    ['json', 'j', null, 'print one object per line: time, direction ("sent", "received"), kind ("text", "binary"), size in bytes, and text, base64 or, with --save, file; on a terminal, indent messages that are JSON; with --load, print the summary as an object; with --listen, it needs --stdin'],
    ['binary', 'b', null, 'send each line as a binary message, byte by byte'],
    ['save', null, 'FOLDER', 'save binary messages to files in this folder instead of printing them; with --listen, it needs --stdin'],
  ],
  'The connection': [
    ['header+', 'H', '"NAME: VALUE"', 'add a request header'],
    ['subprotocol+', 'p', 'NAME', 'ask for a subprotocol, the preferred one first; with --listen, accept it (default: the first that a client asks for)'],
    ['origin', 'o', 'ORIGIN', 'send this Origin'],
    ['user', 'u', 'NAME:PASSWORD', 'for a server that asks for a user name and password (Basic, Digest); those in the URI are sent without being asked for'],
    ['proxy', 'x', 'URI', 'http://, https:// or socks5://, or "env" for the usual variables'],
    ['ca', null, 'FILE', 'trust the certificates in this file, in addition to those that Node trusts'],
    ['cert', null, 'FILE', 'the client\'s certificate; with --listen, the server\'s'],
    ['key', null, 'FILE', 'the key of this certificate'],
    ['passphrase', null, 'TEXT', 'the key\'s passphrase, if it is encrypted'],
    ['insecure', 'k', null, 'trust any certificate'],
    ['servername', null, 'NAME', 'the host name to send in the TLS handshake and to look for in the certificate, if it is not the URI\'s'],
    ['socket+', null, 'NAME=VALUE', 'an option of Node\'s net.connect, such as family=6, localAddress=10.0.0.1 or path=/run/app.sock'],
    ['http2', null, null, 'offer HTTP/2'],
    ['no-deflate', null, null, 'offer no compression'],
    ['deflate+', null, 'NAME=VALUE', 'a setting of the compression: level, threshold, clientMaxWindowBits, serverMaxWindowBits, clientNoContextTakeover, serverNoContextTakeover'],
    ['max-redirects', null, 'N', 'how many redirects to follow (default 10)'],
    ['max-size', null, 'BYTES', 'the longest message to accept, such as 64K or 1M (default 128M)'],
    ['timeout', 't', 'SECONDS', 'how long the connection may take to open (default 20)'],
    ['close-timeout', null, 'SECONDS', 'how long the peer may take to answer a close frame (default 20)'],
    ['ping', null, 'SECONDS', 'send a ping after this much silence (default 0: none)'],
    ['ping-timeout', null, 'SECONDS', 'how long the peer may take to answer a ping (default 10)'],
    ['close-code', null, 'CODE', 'close with this code instead of 1000'],
  ],
  'Inspecting': [
    ['frames', 'f', null, 'show each frame that is sent or received'],
    ['verbose', 'v', null, 'show how the connection is established: lookup, connect, TLS, redirects, request, response'],
    ['quiet', 'q', null, 'show nothing but messages and failures'],
    ['no-color', null, null, 'use no colors; the variable NO_COLOR does the same, and FORCE_COLOR=1 the contrary'],
  ],
  'Serving': [
    ['listen', 'l', 'PORT', 'be a server on this port of 127.0.0.1, and send each message back; Ctrl-C closes all connections'],
    ['host', null, 'ADDRESS', 'listen on this address instead'],
    ['relay', null, null, 'send what one client says to all the others; reading waits for slow ones, and one that takes nothing for 30 seconds is cut off'],
    ['stdin', null, null, 'send each line of stdin to all clients, and print what they say instead of sending it back'],
    ['tls', null, null, 'serve wss, with --cert and --key or with a temporary certificate'],
  ],
  'Load': [
    ['load', null, 'N', 'open N connections to a server that echoes, and measure'],
    ['rate', null, 'N', 'messages a second on each of them (default 1); with 0, they only stay open'],
    ['size', null, 'BYTES', 'the size of a message, such as 125 or 64K (default 125)'],
    ['seconds', null, 'SECONDS', 'how long to send (default 10)'],
    ['one-connecting-per-host', null, null, 'open one connection to a host at a time, as RFC 6455 demands, instead of up to 100'],
  ],
  'Other': [
    ['help', 'h', null, 'print this'],
    ['version', 'V', null, 'print the version'],
  ],
};

/** { name, short, takesValue, isList } of each flag. */
export const ALL = Object.values(FLAGS).flat().map(([name, short, value]) => ({ name: name.replace('+', ''), short, takesValue: value !== null, isList: name.endsWith('+') }));

/** How wide the help is: as the terminal, within reason. */
const COLUMNS = Math.min(Math.max(process.stdout.columns || 80, 60), 100);
/** Where the descriptions of the flags begin. */
const INDENT = 32;

export const HELP = `Usage: websocket-channel [options] URI
       websocket-channel --listen PORT [options]
       websocket-channel --load N [options] URI

${wrap('Connects to a WebSocket server. On a terminal, type a line to send it, and /help for more. In a pipe, each line of stdin is a message, and each message goes to stdout: text with a line break behind it, binary as it is. Everything else goes to stderr.', COLUMNS).join('\n')}

  websocket-channel wss://example.org/chat
  websocket-channel 8080                      (ws://localhost:8080)
  echo '{"hello":1}' | websocket-channel --once wss://example.org/api
  websocket-channel -f -H 'Authorization: Bearer x' wss://example.org
  websocket-channel --listen 8080 --relay

${Object.entries(FLAGS).map(([group, flags]) => `${group}\n${flags.map(describe).join('\n')}`).join('\n\n')}

Exit codes
${EXIT_CODES.map(([code, text]) => beside(`  ${String(code).padStart(3)}`, 7, text)).join('\n')}`;

function describe([name, short, value, text]) {
  const flag = `  ${short ? `-${short}, ` : '    '}--${name.replace('+', '')}${value ? ` ${value}` : ''}`;
  return beside(flag, INDENT, name.endsWith('+') ? `${text}; may be repeated` : text);
}

/** The text, wrapped and indented, with `head` before its first line; above it, if there is no room. */
function beside(head, indent, text) {
  const lines = wrap(text, COLUMNS - indent).map((line) => ' '.repeat(indent) + line);
  return head.length < indent ? [head.padEnd(indent) + lines[0].slice(indent), ...lines.slice(1)].join('\n') : [head, ...lines].join('\n');
}

function wrap(text, width) {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line !== '' && `${line} ${word}`.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
}
