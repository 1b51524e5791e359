// A person at a terminal: line editing, history, commands.

import { homedir } from 'node:os';
import { clearScreenDown, createInterface, cursorTo, moveCursor } from 'node:readline';
import { contentNow } from './file.js';
import { utf8 } from './lines.js';
import { forgetRows } from './undocumented.js';

const HELP = `A line is sent as a text message, unless it is empty. A line that begins with / is a command; // sends a line that begins with /.
  /ping [TEXT]             send a ping, and show how long the pong took
  /close [CODE [REASON]]   close, with 1000 by default
  /binary @FILE            send a file as a binary message
  /binary 01 ff 7f         send these bytes
  /text @FILE              send a file as a text message
  /json                    indent messages that are JSON, or stop indenting them
  /quit                    close with 1000
  /help                    show this
Up and down go through what you have sent. Ctrl-C closes the connection, a second one exits at once.`;

export class Terminal {
  isTerminal = true;
  #output;
  #client;
  #lines = null;
  /** What waits until the channel is open: the lines that were typed before, and Ctrl-D. Null from then on. */
  #early = [];

  constructor(output, client) {
    this.#output = output;
    this.#client = client;
  }

  /** Begins to read lines. There is no prompt before `opened`, and what is typed waits until then. */
  start() {
    const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: '', historySize: 1000, removeHistoryDuplicates: true, completer });
    this.#lines = lines;
    this.#output.around = (print) => {
      const { rows } = lines.getCursorPos(); // of a draft that takes several rows
      moveCursor(process.stdout, 0, -rows);
      cursorTo(process.stdout, 0);
      clearScreenDown(process.stdout);
      forgetRows(lines);
      print();
      if (this.#lines) lines.prompt(true);
    };
    lines.on('line', (line) => {
      this.#whenOpen(() => this.#take(line));
      if (this.#lines && this.#early === null) lines.prompt();
    });
    lines.on('SIGINT', () => this.#client.interrupt());
    lines.on('SIGCONT', () => lines.prompt(true)); // Ctrl-Z and fg: readline has paused, and waits for this
    lines.on('close', () => { // Ctrl-D: a prompt would keep reading
      if (this.#lines === null) return;
      this.close();
      this.#whenOpen(() => this.#client.inputEnded());
    });
  }

  /** The channel is open. */
  opened() {
    const early = this.#early;
    this.#early = null;
    this.#lines?.setPrompt('> ');
    for (const act of early) act();
    this.#lines?.prompt(true);
  }

  #whenOpen(act) {
    if (this.#early === null) act();
    else this.#early.push(act);
  }

  close() {
    const lines = this.#lines;
    this.#lines = null;
    this.#output.around = (print) => print();
    lines?.close();
    if (lines && (lines.line !== '' || this.#early === null)) process.stdout.write('\n'); // behind the prompt, or what was being typed
  }

  #take(line) {
    if (line === '') return;
    if (!line.startsWith('/') || line.startsWith('//')) return this.#client.sendTyped(line.startsWith('//') ? line.slice(1) : line);
    const [, command, rest] = /^\/(\S*)\s*(.*)$/.exec(line);
    const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
    if (!run) return this.#output.problem(`Unknown command: /${command}. Type /help for the list.`);
    try {
      run(this.#client, rest, this.#output);
    } catch (error) {
      this.#output.problem(error.message);
    }
  }
}

const COMMANDS = {
  ping(client, text, output) {
    client.channel.sendPing(text || undefined).then((ms) => output.note(`pong after ${ms.toFixed(1)} ms`), (error) => output.problem(error.message));
  },
  close(client, rest) {
    const [, code = '', reason = ''] = /^(\d+)(?:\s+(.*))?$/.exec(rest) ?? [];
    if (rest !== '' && code === '') throw new Error('Write /close, /close CODE or /close CODE REASON.');
    client.close(code === '' ? undefined : Number(code), reason);
  },
  binary: (client, rest) => client.send(rest.startsWith('@') ? read(rest) : bytes(rest)),
  text(client, rest) {
    if (!rest.startsWith('@')) throw new Error('Write /text @FILE.');
    const text = utf8(read(rest));
    if (text === null) throw new Error('The file is not UTF-8 text. Send it with /binary @FILE.');
    client.send(text);
  },
  json(client, rest, output) {
    output.isIndenting = !output.isIndenting;
    output.note(`JSON is ${output.isIndenting ? '' : 'not '}indented`);
  },
  help: (client, rest, output) => output.aside(HELP),
  quit: (client) => client.close(),
};

function bytes(text) {
  if (!/^([0-9a-f]{2})+(\s+([0-9a-f]{2})+)*\s*$/i.test(text)) throw new Error('Write /binary @FILE, or bytes of two hexadecimal digits each: /binary 01 ff 7f.');
  return Buffer.from(text.replace(/\s+/g, ''), 'hex');
}

function read(text) {
  const from = path(text);
  if (from === '') throw new Error('The name of the file is missing. Write it behind the @.');
  return contentNow(from);
}

/** The path in `@~/a file` or `@"a file"`. */
function path(text) {
  const [, quoted, plain] = /^@(?:"(.*)"|(.*?))\s*$/.exec(text);
  return (quoted ?? plain).replace(/^~(?=\/)/, homedir());
}

function completer(line) {
  const all = Object.keys(COMMANDS).map((name) => `/${name} `);
  return [line.startsWith('/') ? all.filter((it) => it.startsWith(line)) : [], line];
}
