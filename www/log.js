// The log is a table of the last calls, in order.

import { setDisabled } from './button.js';
import { indented } from './log_tools.js';
import { exactSize, hexDump, size, time } from './writing.js';

const MAX_ROWS = 500;
/** How many bytes of a binary message are kept for display. */
const MAX_KEPT = 16_384;

/** Writes rows once per animation frame, so that a peer that floods the page does not freeze it. */
export class Log {
  #scroller;
  #body;
  #empty;
  #count;
  #clearButton;
  #waiting = [];
  /** The record that each row shows. */
  #records = new Map();
  #filter = '';
  #isIndenting = false;
  #total = 0;
  #scheduled = false;
  /** Whether the last row is kept in view: until the user scrolls up, and again when the user returns to the end. */
  #isFollowing = true;
  #lastTop = 0;

  constructor({ rows, count, clear }) {
    this.#scroller = rows;
    this.#body = rows.querySelector('tbody');
    this.#empty = rows.querySelector('.empty');
    this.#count = count;
    this.#clearButton = clear;
    clear.addEventListener('click', () => { this.#clear(); });
    rows.addEventListener('scroll', () => { this.#handleScroll(); });
    // The box shrinks when an attribute above it takes a second line; rows grow when the page gets narrower.
    const sizes = new ResizeObserver(() => { this.#follow(); });
    sizes.observe(rows);
    sizes.observe(this.#body);
    // A row that the user unfolded stays in place, so that it can be read.
    rows.addEventListener('toggle', ({ target }) => { if (target.open) this.#isFollowing = false; }, true);
    this.#describe();
  }

  /** The calls that are kept, in order. */
  get records() { return [...this.#records.values(), ...this.#waiting]; }

  /** Shows only rows that contain this text, in any letter case. */
  set filter(text) {
    this.#filter = text.toLowerCase();
    for (const [row, record] of this.#records) row.hidden = !this.#isWanted(record);
    this.#describe();
    this.#follow();
  }

  get isIndenting() { return this.#isIndenting; }

  /** Whether JSON messages are shown indented. */
  set isIndenting(isIndenting) {
    this.#isIndenting = isIndenting;
    for (const [row, record] of this.#records) {
      if (indented(record.text) !== null) row.lastChild.replaceChildren(...contentOf(record, isIndenting));
    }
    this.#follow();
  }

  /**
   * Adds a row. `call` is a method's name. `tone` is asked, heard, good or bad. `name`, `size`, `what` and `detail` are optional. `text` or `bytes`
   * is the whole message, and `what` is its beginning.
   */
  add({ bytes, ...row }) {
    this.#total += 1;
    this.#waiting.push({ ...row, bytes: bytes?.slice(0, MAX_KEPT), at: new Date() });
    if (this.#waiting.length > MAX_ROWS) this.#waiting.shift();
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => { this.#write(); });
  }

  #write() {
    this.#scheduled = false;
    for (const record of this.#waiting) {
      const row = rowOf(record, this.#isIndenting);
      row.hidden = !this.#isWanted(record);
      this.#records.set(row, record);
      this.#body.append(row);
    }
    this.#waiting = [];
    while (this.#body.childElementCount > MAX_ROWS) {
      this.#records.delete(this.#body.firstElementChild);
      this.#body.firstElementChild.remove();
    }
    this.#describe();
    this.#follow();
  }

  #follow() {
    if (this.#isFollowing) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#lastTop = this.#scroller.scrollTop;
  }

  /** Only an upward move means that the user scrolled: the distance to the end also grows when the box shrinks. */
  #handleScroll() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    if (scrollTop + clientHeight >= scrollHeight - 8) this.#isFollowing = true;
    else if (scrollTop < this.#lastTop) this.#isFollowing = false;
    this.#lastTop = scrollTop;
  }

  #clear() {
    this.#waiting = [];
    this.#total = 0;
    this.#isFollowing = true;
    this.#records.clear();
    this.#body.replaceChildren();
    this.#describe();
  }

  #describe() {
    this.#empty.hidden = this.#total > 0;
    setDisabled(this.#clearButton, this.#total === 0);
    const kept = this.#total > MAX_ROWS ? `the last ${MAX_ROWS} of ${this.#total.toLocaleString('en')}` : '';
    const shown = [...this.#records.values()].filter((record) => this.#isWanted(record)).length;
    this.#count.textContent = this.#filter === '' ? kept : `${shown} of ${this.#records.size} shown`;
  }

  #isWanted({ call, name = '', what = '', text = what, detail = '' }) {
    return this.#filter === '' || [call, name, what, text, detail].some((it) => it.toLowerCase().includes(this.#filter));
  }
}

function rowOf(record, isIndenting) {
  const { call, tone, size: bytes, at } = record;
  const row = document.createElement('tr');
  row.setAttribute('role', 'row');
  row.className = tone;
  row.append(cell('time', time(at)), cell('call', call), cell('size', bytes === undefined ? '' : size(bytes)), cell('what', ''));
  if (bytes !== undefined) row.children[2].title = exactSize(bytes);
  row.lastChild.append(...contentOf(record, isIndenting));
  return row;
}

/** Returns the content of a row's last cell. */
function contentOf({ name, size: length, what = '', text = what, bytes, detail }, isIndenting) {
  const json = isIndenting ? indented(text) : null;
  const content = [];
  if (name) content.push(inside('strong', name), ' ');
  if (json !== null) content.push(json);
  else if (bytes?.length > 0) content.push(unfolding(what, 'All bytes', () => hexDump(bytes, length)));
  else if (text.length > what.length) content.push(unfolding(what, 'The whole text', () => text));
  else if (what !== '') content.push(what);
  if (detail) content.push(' ', inside('small', detail));
  return content;
}

/** Returns an element that shows the beginning, and the whole once the user unfolds it. */
function unfolding(beginning, label, whole) {
  const made = document.createElement('details');
  made.append(inside('summary', beginning));
  made.addEventListener('toggle', () => {
    if (!made.open || made.childElementCount > 1) return;
    const all = inside('pre', whole());
    Object.assign(all, { tabIndex: 0, role: 'region', ariaLabel: label });
    made.append(all);
    all.scrollIntoView({ block: 'nearest' });
  });
  return made;
}

function cell(name, text) {
  const made = document.createElement('td');
  made.setAttribute('role', 'cell');
  made.className = name;
  made.textContent = text;
  if (name === 'what') made.dir = 'auto'; // the message's script may run from right to left
  return made;
}

function inside(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
