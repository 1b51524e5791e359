// Makes messages and server frames, the same ones for every client.

import { constants, createDeflateRaw } from 'node:zlib';

const record = (id) => JSON.stringify({ id, name: `user ${id}`, email: `user${id}@example.org`, tags: ['a', 'b', String(id % 7)], score: id * 1.5 });

/** The first article of the Universal Declaration of Human Rights in German, French, Greek and Japanese. */
const NON_ASCII = 'Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und Gewissen begabt und sollen '
  + 'einander im Geiste der Brüderlichkeit begegnen. Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont '
  + 'doués de raison et de conscience et doivent agir les uns envers les autres dans un esprit de fraternité. Όλοι οι άνθρωποι '
  + 'γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι με λογική και συνείδηση, και οφείλουν να '
  + 'συμπεριφέρονται μεταξύ τους με πνεύμα αδελφοσύνης. すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。'
  + '人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければならない。';

/** Returns the messages of a case, as strings or Buffers of `size` bytes: several if they are JSON, otherwise one. */
export function messages({ kind, size }) {
  if (kind === 'binary') return [Buffer.alloc(size, 0x5A)];
  if (kind === 'text') return ['websocket channel, '.repeat(Math.ceil(size / 19)).slice(0, size)];
  if (kind === 'non-ASCII') return [cut(NON_ASCII, size)];
  let id = 0;
  return Array.from({ length: 64 }, () => {
    let text = '';
    while (text.length < size) text += record(id++);
    return text.slice(0, size);
  });
}

/** Cuts `text` to at most `size` bytes without splitting a character, and fills it up with characters of one byte. */
function cut(text, size) {
  const bytes = Buffer.from(text).subarray(0, size);
  const whole = new TextDecoder().decode(bytes, { stream: true });
  return whole + '.'.repeat(size - Buffer.byteLength(whole));
}

/** Returns at least a mebibyte of frames, to be sent over and over. Compressed frames begin with an empty window. */
export async function frames(parameters) {
  const sent = messages({ kind: parameters.get('kind'), size: Number(parameters.get('size')) }).map((message) => Buffer.from(message));
  const payloads = parameters.has('deflate') ? await deflated(sent) : sent;
  const opcode = parameters.get('kind') === 'binary' ? 2 : 1;
  const block = Buffer.concat(payloads.map((payload) => frame(payload, opcode, parameters.has('deflate'))));
  return Buffer.concat(Array(Math.ceil((1 << 20) / block.length)).fill(block));
}

/** Compresses the messages with one compressor, which takes its context over from message to message. */
async function deflated(payloads) {
  const stream = createDeflateRaw();
  const compressed = [];
  for (const payload of payloads) {
    stream.write(payload);
    await new Promise((resolve) => stream.flush(constants.Z_SYNC_FLUSH, resolve));
    compressed.push(stream.read().subarray(0, -4));
  }
  return compressed;
}

function frame(payload, opcode, deflate) {
  const { length } = payload;
  const header = Buffer.alloc(length < 126 ? 2 : length < 65536 ? 4 : 10);
  header[0] = 0x80 | opcode | (deflate ? 0x40 : 0);
  if (length < 126) header[1] = length;
  else if (length < 65536) { header[1] = 126; header.writeUInt16BE(length, 2); } else { header[1] = 127; header.writeUIntBE(length, 4, 6); }
  return Buffer.concat([header, payload]);
}
