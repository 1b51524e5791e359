// Says while the user types whether close() accepts the code and the reason. The package decides.

import { WebSocketChannel } from 'websocket-channel';
import { utf8Length } from './writing.js';

/** The limit in bytes, for the counter: a control frame carries 125 (RFC 6455 §5.5), and the code takes 2. The package decides. */
const MAX_REASON = 123;

const NAMES = new Map(Object.entries(WebSocketChannel)
  .filter(([name]) => name.startsWith('CLOSE_'))
  .map(([name, code]) => [code, name]));

let idle;

/**
 * Returns the error that `close(code, reason)` throws, or null if it accepts them. Asks a channel that was never opened: it
 * checks its arguments first, so NS_ERROR_NOT_CONNECTED means that nothing is wrong with them.
 */
function refusalOf(code, reason) {
  idle ??= new WebSocketChannel();
  try {
    idle.close(code, reason);
  } catch (error) {
    if (error.name !== 'NS_ERROR_NOT_CONNECTED') return error;
  }
  return null;
}

/** Suggests the codes that have a name and that close() accepts. */
export function suggestCodes(datalist) {
  for (const [code, name] of NAMES) {
    if (refusalOf(code) === null) datalist.append(new Option(name, code));
  }
}

/** Shows the verdict after every key. Returns a function that reads the arguments. */
export function watchCloseForm(form) {
  const code = form.querySelector('#code');
  const reason = form.querySelector('#reason');
  const read = () => ({ code: code.value.trim() === '' ? undefined : Number(code.value), reason: reason.value });
  const update = () => {
    const verdict = verdictOn(read());
    const size = utf8Length(reason.value);
    code.setAttribute('aria-invalid', verdict.codeIsWrong);
    reason.setAttribute('aria-invalid', verdict.reasonIsWrong);
    form.querySelector('#reason-size').textContent = `${size} of ${MAX_REASON} bytes`;
    show(form.querySelector('#verdict'), verdict);
  };
  form.addEventListener('input', update);
  update();
  return read;
}

function verdictOn({ code, reason }) {
  const refusal = refusalOf(code, reason);
  const codeIsWrong = refusalOf(code) !== null;
  return { title: titleOf(code), refusal, codeIsWrong, reasonIsWrong: refusal !== null && !codeIsWrong, notes: refusal ? [] : notesOn(code) };
}

function titleOf(code = WebSocketChannel.CLOSE_NORMAL) {
  if (Number.isNaN(code)) return 'Not a number';
  return `${code} ${NAMES.get(code) ?? '(no name)'}`;
}

/** Says what happens to a code that close() accepts. A page can send only few of them (WHATWG WebSockets, close()). */
function notesOn(code = WebSocketChannel.CLOSE_NORMAL) {
  if (code === WebSocketChannel.CLOSE_NORMAL) return ['Sent as it is.'];
  if (code >= 3000) return [`Sent as it is. ${code < 4000 ? 'IANA registers 3000–3999 for libraries.' : 'You and the peer agree on what it means.'}`];
  return [
    'A page cannot send this code. It closes without code and reason, and the peer sees 1005.',
    code === WebSocketChannel.CLOSE_TOO_LARGE
      ? 'Node sends 1009: RFC 6455 moved “too large” there.'
      : 'Node sends it as it is.',
  ];
}

function show(place, { title, refusal, notes }) {
  place.dataset.allowed = refusal === null;
  const lines = refusal ? [`${refusal.name}: ${refusal.message}`] : notes;
  const verdict = refusal ? 'may not be sent' : 'may be sent';
  place.replaceChildren(paragraph('first', title, verdict), ...lines.map((line) => paragraph('', line)));
}

function paragraph(className, text, verdict) {
  const made = document.createElement('p');
  made.className = className;
  made.textContent = text;
  if (verdict) {
    const mark = document.createElement('span');
    mark.className = 'mark';
    mark.textContent = verdict;
    made.append(' ', mark);
  }
  return made;
}
