// The demo page has one channel at a time. It shows the calls that are made on the channel and the calls that the channel makes.

import { ChannelError, LoadGroup, Status, WebSocketChannel } from 'websocket-channel';
import { adviceOn } from './advice.js';
import { showAttributes } from './attributes.js';
import { showButtons } from './button.js';
import { suggestCodes, watchCloseForm } from './close_form.js';
import { startCode } from './code.js';
import { ConnectForm } from './connect_form.js';
import { Log } from './log.js';
import { startLogTools } from './log_tools.js';
import { clearRefusals, showRefusal, writeRefusal } from './refusal.js';
import { saveConnection, showSaved } from './saved.js';
import { Throughput } from './throughput.js';
import { detailText, excerptOfBytes, excerptOfText, stopName, utf8Length, withoutPassword } from './writing.js';

const element = (id) => document.getElementById(id);

let group;
const log = new Log({ rows: element('log'), count: element('log-count'), clear: element('log-clear') });
const form = new ConnectForm(element('connect'));
let channel;
/** Aborts the channel's signal. */
let controller;
let throughput;
/** What the form held when the channel was opened: { protocols, options }. */
let opening;
/** A call may have changed the attributes, which are shown at most once per animation frame. */
let isStale = false;
/** The first and the longest delay before the next attempt to connect, in milliseconds. */
const FIRST_DELAY = 1000;
const MAX_DELAY = 30_000;
let retry;
let delay = FIRST_DELAY;

function newChannel(options = {}) {
  const aborting = new AbortController();
  const made = new WebSocketChannel({ ...options, signal: aborting.signal });
  made.loadGroup = group;
  controller = aborting;
  return made;
}

/** The listener that the channel calls. Each call is a row of the log. */
const listener = {
  onStart() {
    heard('onStart');
    if (channel.state !== 'open') return;
    delay = FIRST_DELAY;
    saveConnection({ ...opening, address: channel.originalURI });
    refreshSaved();
  },
  onMessageAvailable(_, text) {
    const size = utf8Length(text);
    throughput.received(size);
    heard('onMessageAvailable', { size, what: excerptOfText(text), text });
  },
  onBinaryMessageAvailable(_, bytes) {
    throughput.received(bytes.length);
    heard('onBinaryMessageAvailable', { size: bytes.length, what: excerptOfBytes(bytes), bytes });
  },
  onAcknowledge(_, size) { heard('onAcknowledge', { size }); },
  onServerClose(_, code, reason) { heard('onServerClose', { what: closeText(code, reason) }); },
  onStop(_, status, detail) {
    const name = stopName(status, detail);
    const advice = adviceOn(status);
    const what = [detail.message, advice].filter(Boolean).join(' ');
    heard('onStop', { name, what, detail: detailText(detail), tone: status === Status.NS_OK ? 'good' : 'bad' });
    if (advice) form.showEnd(name, what);
    if (element('reconnect').checked && status !== Status.NS_OK && status !== Status.NS_BINDING_ABORTED) reconnectSoon();
  },
};

/** Each failed attempt doubles the delay of the next one. */
function reconnectSoon() {
  asked('reconnect', { what: `in ${(delay / 1000).toFixed(0)} s; Close or Abort stops it` });
  retry = setTimeout(() => { retry = undefined; attempt('connect', connect); }, delay);
  delay = Math.min(delay * 2, MAX_DELAY);
}

function heard(call, row = {}) {
  log.add({ call, tone: 'heard', ...row });
  isStale = true;
}

function asked(call, row = {}) {
  log.add({ call, tone: 'asked', ...row });
}

/** Returns whether an attempt was waiting. */
function stopReconnecting() {
  if (retry === undefined) return false;
  clearTimeout(retry);
  retry = undefined;
  asked('reconnect', { what: 'stopped' });
  return true;
}

/** The options go to the constructor, so every Connect makes a new channel, unless one is still active. */
function connect() {
  stopReconnecting();
  try {
    if (channel.state === 'idle' || channel.state === 'stopped') {
      channel = newChannel(form.options);
      channel.protocol = form.protocols;
    }
    opening = { protocols: form.protocols, options: form.options };
    channel.asyncOpen(form.address, form.origin, listener);
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    form.showMistake(error, { advice: HINTS[error.name] });
    return;
  }
  asked('asyncOpen', { what: withoutPassword(channel.originalURI) });
}

function sendText() {
  const text = element('text').value;
  if (!channel.sendMsg(text)) return notSent('sendMsg', 'send-text');
  const size = utf8Length(text);
  throughput.sent(size);
  asked('sendMsg', { size, what: excerptOfText(text), text });
}

const MAX_BURST = 100_000;

/** Sends the text many times, and says how long the host took to take it all. */
async function sendBurst() {
  const count = Number(element('burst-count').value);
  if (!Number.isInteger(count) || count < 1 || count > MAX_BURST) {
    return showRefusal('burst', 'Not a number of messages', `Use a whole number from 1 to ${MAX_BURST.toLocaleString('en')}.`);
  }
  const text = element('text').value;
  const size = utf8Length(text);
  const place = element('burst-result');
  place.textContent = '';
  const [burst, began] = [channel, performance.now()];
  for (let at = 0; at < count; at++) {
    if (!burst.sendMsg(text)) return notSent('sendMsg', 'burst');
    throughput.sent(size);
  }
  while (burst.bufferedAmount > 0 && burst.state === 'open') await new Promise((resolve) => { setTimeout(resolve, 5); });
  const seconds = (performance.now() - began) / 1000;
  const rate = `${Math.round(count / seconds).toLocaleString('en')} messages a second, until the browser had taken them all`;
  asked(`sendMsg × ${count.toLocaleString('en')}`, { size: count * size, what: rate });
  place.textContent = `${count.toLocaleString('en')} sent: ${rate}.`; // the acknowledgements push the row out of the log
}

async function sendFile() {
  const [file] = element('file').files;
  if (!file) return showRefusal('send-file', 'No file', 'Choose a file first.');
  let bytes;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    return showRefusal('send-file', error.name, `The browser cannot read the file: ${error.message} Choose it again, or choose a smaller one.`);
  }
  if (channel.sendBinaryMsg(bytes)) asked('sendBinaryMsg', { size: bytes.length, what: `${file.name} · ${excerptOfBytes(bytes)}`, bytes });
  else notSent('sendBinaryMsg', 'send-file');
}

function notSent(call, id) {
  asked(call, { what: 'returned false' });
  const advice = channel.state === 'closing' ? 'Wait until it has stopped, then connect again.' : 'Connect again.';
  showRefusal(id, 'Not sent', `${call} returned false: this channel is ${channel.state}. ${advice}`);
}

function close({ code, reason }) {
  if (stopReconnecting()) return;
  const before = channel.state;
  channel.close(code, reason);
  asked('close', { what: closeText(code ?? WebSocketChannel.CLOSE_NORMAL, reason) });
  if (before === 'closing' || before === 'stopped') {
    showRefusal('close', 'Nothing to close', `This channel is ${before}: close() checked its arguments and did nothing else.`);
  }
}

function abort() {
  if (stopReconnecting()) return;
  if (group.activeCount === 0) return showRefusal('close', 'Nothing to abort', `This channel is ${channel.state}. Connect first.`);
  const reason = new DOMException('The Abort button was pressed.', 'AbortError'); // onStop's detail.cause
  asked('abort', { what: String(reason) });
  controller.abort(reason);
}

const closeText = (code, reason) => (reason ? `${code} ${excerptOfText(reason)}` : `${code}`);

/** What the user can do about a refusal. Its message is written for programmers. */
const HINTS = {
  NS_ERROR_ALREADY_OPENED: 'On this page: press Close, then Connect.',
  NS_ERROR_NOT_CONNECTED: 'On this page: press Connect.',
};

/** Runs the action of a form or button. A refusal stays visible until the next action. */
async function attempt(id, action) {
  clearRefusals();
  form.clearMistake();
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    showRefusal(id, error.name, [error.message, HINTS[error.name]].filter(Boolean).join(' '));
  }
  refresh();
}

function refreshSaved() {
  showSaved({ datalist: element('addresses'), section: element('saved') }, (connection) => form.fill(connection));
}

function refresh() {
  isStale = false;
  showAttributes(channel, { list: element('attributes'), pill: element('state') });
  showButtons(channel.state);
}

/** bufferedAmount and state change without a call, so this checks them once per animation frame while a channel is active. */
function watch() {
  if (isStale || group.activeCount > 0) refresh();
  requestAnimationFrame(watch);
}

function onSubmit(id, action) {
  element(id).addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(id, action);
  });
}

function start() {
  group = new LoadGroup();
  channel = newChannel();
  if (location.host) element('address').value = `${location.protocol.replace('http', 'ws')}//${location.host}/echo`;
  element('origin').placeholder = location.origin;
  suggestCodes(element('codes'));
  refreshSaved();
  throughput = new Throughput(element('throughput'));
  startLogTools(log, { filter: element('log-filter'), json: element('log-json'), save: element('log-save') });
  startCode(element('as-code'), () => ({ address: form.address, origin: form.origin, protocols: form.protocols, options: form.options, text: element('text').value }));
  const closeArguments = watchCloseForm(element('close'));
  onSubmit('connect', connect);
  onSubmit('send-text', sendText);
  onSubmit('burst', sendBurst);
  onSubmit('send-file', sendFile);
  element('reconnect').addEventListener('change', stopReconnecting);
  onSubmit('close', () => close(closeArguments()));
  element('abort').addEventListener('click', () => { attempt('close', abort); });
  element('text').addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    element('send-text').requestSubmit();
  });
  refresh();
  watch();
}

try {
  start();
} catch (error) {
  // If WebAssembly is forbidden or missing, creating the first channel throws.
  writeRefusal(element('unusable'), error.name, error.message);
  if (!(error instanceof ChannelError)) throw error;
}
