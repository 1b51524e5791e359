// The log: a table of the last calls, in order.

import { exactSize, size, time } from './writing.js';

const MAX_ROWS = 500;

/** Rows are written once a frame, so that a peer that floods the page does not freeze it. */
export class Log {
  #scroller;
  #body;
  #empty;
  #count;
  #waiting = [];
  #total = 0;
  #scheduled = false;

  constructor({ rows, count, clear }) {
    this.#scroller = rows;
    this.#body = rows.querySelector('tbody');
    this.#empty = rows.querySelector('.empty');
    this.#count = count;
    clear.addEventListener('click', () => { this.#clear(); });
  }

  /** `call` is a method's name; `tone` one of asked, heard, good, bad; `name`, `size` and `what` as the call has them. */
  add(row) {
    this.#total += 1;
    this.#waiting.push({ ...row, at: new Date() });
    if (this.#waiting.length > MAX_ROWS) this.#waiting.shift();
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => { this.#write(); });
  }

  #write() {
    this.#scheduled = false;
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    const atEnd = scrollTop + clientHeight >= scrollHeight - 8;
    this.#body.append(...this.#waiting.map(rowOf));
    this.#waiting = [];
    while (this.#body.childElementCount > MAX_ROWS) this.#body.firstElementChild.remove();
    this.#describe();
    if (atEnd) this.#scroller.scrollTop = this.#scroller.scrollHeight;
  }

  #clear() {
    this.#waiting = [];
    this.#total = 0;
    this.#body.replaceChildren();
    this.#describe();
  }

  #describe() {
    this.#empty.hidden = this.#total > 0;
    this.#count.textContent = this.#total > MAX_ROWS ? `the last ${MAX_ROWS} of ${this.#total.toLocaleString('en')}` : '';
  }
}

function rowOf({ call, tone, name, size: bytes, what = '', at }) {
  const row = document.createElement('tr');
  row.setAttribute('role', 'row');
  row.className = tone;
  row.append(cell('time', time(at)), cell('call', call), cell('size', bytes === undefined ? '' : size(bytes)), cell('what', what));
  if (bytes !== undefined) row.children[2].title = exactSize(bytes);
  if (name) row.lastChild.prepend(nameOf(name), ' ');
  return row;
}

function cell(name, text) {
  const made = document.createElement('td');
  made.setAttribute('role', 'cell');
  made.className = name;
  made.textContent = text;
  if (name === 'what') made.dir = 'auto'; // a message may be written from right to left
  return made;
}

function nameOf(text) {
  const strong = document.createElement('strong');
  strong.textContent = text;
  return strong;
}
