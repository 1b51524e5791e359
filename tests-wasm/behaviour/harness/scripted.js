import { startRaw } from './raw_server.js';

/**
 * A server inside the client's process that responds as the case decides. `answer(request, number)` gets { target, headers, connection } and a number
 * that counts from 1. It returns the text of a response, null for the valid handshake, or undefined for no response. A response with this text ends
 * the connection, so each request has its own. `requests` holds the requests so far. Returns { url(path), requests, port, stop }.
 */
export async function startScripted(answer) {
  const server = await startRaw();
  const requests = [];
  const serve = async () => {
    for (;;) {
      const connection = await server.next();
      const request = { ...read(connection.head), connection };
      requests.push(request);
      const text = answer(request, requests.length);
      if (text === null) {
        connection.onFrame = ({ opcode, key, hex }) => opcode === 8 && connection.socket.end(Buffer.concat([Buffer.from([0x88, hex.length / 2]), Buffer.from(hex, 'hex')]));
        connection.accept();
      } else if (text !== undefined) {
        connection.socket.end(text);
      }
    }
  };
  serve();
  return { requests, port: server.port, stop: server.stop, url: (path) => `ws://127.0.0.1:${server.port}${path}` };
}

/** Runs the case with one scripted server for each of these `answer` functions, and then stops the servers. */
export async function withScripted(answers, run) {
  const servers = [];
  try {
    for (const answer of answers) servers.push(await startScripted(answer));
    return await run(...servers);
  } finally {
    for (const server of servers) server.stop();
  }
}

/** An HTTP response with these headers and this body. */
export function reply(status, headers = {}, body = 'the body') {
  const lines = Object.entries({ ...headers, 'Content-Length': Buffer.byteLength(body), Connection: 'close' }).flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}\r\n`));
  return `HTTP/1.1 ${status} Status\r\n${lines.join('')}\r\n${body}`;
}

function read(head) {
  const [line, ...lines] = head.split('\r\n');
  const pairs = lines.map((text) => [text.slice(0, text.indexOf(':')).toLowerCase(), text.slice(text.indexOf(':') + 1).trim()]);
  return { target: line.split(' ')[1], headers: Object.fromEntries(pairs) };
}
