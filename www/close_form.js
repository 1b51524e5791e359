// What may be sent in a close frame, by the package's own rules, while it is typed.

import { WebSocketChannel } from 'websocket-channel';
import { utf8Length } from './writing.js';

/** RFC 6455 §5.5: a control frame's 125 bytes less the code's 2. For the counter; the package decides. */
const MAX_REASON = 123;

const NAMES = new Map(Object.entries(WebSocketChannel)
  .filter(([name]) => name.startsWith('CLOSE_'))
  .map(([name, code]) => [code, name]));

let idle;

/**
 * The refusal of `close(code, reason)`, or null if it takes them. Asks a channel that was never opened: it checks its
 * arguments first, so that NS_ERROR_NOT_CONNECTED means that there is nothing wrong with them.
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

/** Offers the codes that have a name and may be sent. */
export function suggestCodes(datalist) {
  for (const [code, name] of NAMES) {
    if (refusalOf(code) === null) datalist.append(new Option(name, code));
  }
}

/** Shows the verdict on every key; answers a function that reads the arguments. */
export function watchCloseForm(form) {
  const code = form.querySelector('#code');
  const reason = form.querySelector('#reason');
  const read = () => ({ code: code.value.trim() === '' ? undefined : Number(code.value), reason: reason.value });
  const update = () => {
    const verdict = judge(read());
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

function judge({ code, reason }) {
  const refusal = refusalOf(code, reason);
  const codeIsWrong = refusalOf(code) !== null;
  return { title: titleOf(code), refusal, codeIsWrong, reasonIsWrong: refusal !== null && !codeIsWrong, notes: refusal ? [] : notesOn(code) };
}

function titleOf(code = WebSocketChannel.CLOSE_NORMAL) {
  if (Number.isNaN(code)) return 'Not a number';
  return `${code} ${NAMES.get(code) ?? '(no name)'}`;
}

/** What becomes of a code that close() takes; a page's WebSocket may send few of them (WHATWG WebSockets, close()). */
function notesOn(code = WebSocketChannel.CLOSE_NORMAL) {
  if (code === WebSocketChannel.CLOSE_NORMAL) return ['Goes out as it is.'];
  if (code >= 3000) return [`Goes out as it is. ${code < 4000 ? 'IANA registers it for libraries.' : 'It means what you and the peer agree on.'}`];
  return [
    'From this page it goes out without a status: the peer sees 1005.',
    code === WebSocketChannel.CLOSE_TOO_LARGE
      ? 'In Node it goes out as 1009, where RFC 6455 moved “too large”.'
      : 'In Node it goes out as it is.',
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
