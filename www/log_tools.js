// Tools for the log: filter it, show JSON indented, export it.

import { time } from './writing.js';

/** A longer text is not parsed: nobody reads it on the page. */
const MAX_JSON = 100_000;

/** Returns the text as indented JSON, or null if it is not an object or array. */
export function indented(text) {
  if (text === undefined || text.length > MAX_JSON || !/^\s*[[{]/.test(text)) return null;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return null;
  }
}

/** Connects the field and the buttons to the log. */
export function startLogTools(log, { filter, json, save }) {
  filter.addEventListener('input', () => { log.filter = filter.value; });
  json.addEventListener('click', () => {
    log.isIndenting = json.getAttribute('aria-pressed') !== 'true';
    json.setAttribute('aria-pressed', String(log.isIndenting));
  });
  save.addEventListener('click', () => { if (log.records.length > 0) download(log.records); });
}

/** Downloads one object per line, as the command's --json prints them. A binary message that was not kept whole is represented by its beginning in hex. */
function download(records) {
  const lines = records.map(({ at, call, size, what, text, bytes, detail }) => JSON.stringify({
    time: at.toISOString(), call, size, ...bytes && bytes.length === size ? { base64: base64(bytes) } : { text: text ?? what }, detail,
  }));
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([`${lines.join('\n')}\n`], { type: 'application/x-ndjson' }));
  link.download = `websocket-channel ${time(new Date()).slice(0, 8).replaceAll(':', '-')}.ndjson`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** Only for few bytes, because they are all arguments of one call. */
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
