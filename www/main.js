// The demo page: one channel at a time, what is asked of it and what its listener hears.

import { ChannelError, LoadGroup, Status, WebSocketChannel, statusName } from 'websocket-channel';
import { adviceOn } from './advice.js';
import { showAttributes } from './attributes.js';
import { suggestCodes, watchCloseForm } from './close_form.js';
import { Log } from './log.js';
import { excerptOfBytes, excerptOfText, utf8Length } from './writing.js';

const element = (id) => document.getElementById(id);
const valueOf = (id) => element(id).value;

const group = new LoadGroup();
const log = new Log({ rows: element('log'), count: element('log-count'), clear: element('log-clear') });
let channel;

function newChannel() {
  const made = new WebSocketChannel();
  made.loadGroup = group;
  return made;
}

/** What the channel calls: each call is a row of the log. */
const listener = {
  onStart() { heard('onStart'); },
  onMessageAvailable(_, text) { heard('onMessageAvailable', { size: utf8Length(text), what: excerptOfText(text) }); },
  onBinaryMessageAvailable(_, bytes) { heard('onBinaryMessageAvailable', { size: bytes.length, what: excerptOfBytes(bytes) }); },
  onAcknowledge(_, size) { heard('onAcknowledge', { size }); },
  onServerClose(_, code, reason) { heard('onServerClose', { what: closeText(code, reason) }); },
  onStop(_, status, detail) {
    const ok = status === Status.NS_OK;
    const advice = adviceOn(status);
    heard('onStop', { name: statusName(status), what: [detail.message, advice].filter(Boolean).join(' '), tone: ok ? 'good' : 'bad' });
    if (!ok && advice) show(refusalOf('connect'), statusName(status), `${detail.message} ${advice}`);
  },
};

function heard(call, row = {}) {
  log.add({ call, tone: 'heard', ...row });
  refresh();
}

function asked(call, row = {}) {
  log.add({ call, tone: 'asked', ...row });
}

function connect() {
  if (channel.state === 'stopped') channel = newChannel();
  if (channel.state === 'idle') channel.protocol = valueOf('protocols');
  channel.asyncOpen(valueOf('address').trim(), valueOf('origin').trim(), listener);
  asked('asyncOpen', { what: channel.originalURI });
}

function sendText() {
  const text = valueOf('text');
  if (channel.sendMsg(text)) asked('sendMsg', { size: utf8Length(text), what: excerptOfText(text) });
  else notSent('sendMsg', 'send-text');
}

async function sendFile() {
  const [file] = element('file').files;
  if (!file) return show(refusalOf('send-file'), 'No file', 'Choose one first.');
  let bytes;
  try {
    bytes = new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    return show(refusalOf('send-file'), error.name, `The file cannot be read: ${error.message} Choose it again, or a smaller one.`);
  }
  if (channel.sendBinaryMsg(bytes)) asked('sendBinaryMsg', { size: bytes.length, what: `${file.name} · ${excerptOfBytes(bytes)}` });
  else notSent('sendBinaryMsg', 'send-file');
}

function notSent(call, form) {
  asked(call, { what: 'answered false' });
  const advice = channel.state === 'closing' ? 'Once it has stopped, connect again.' : 'Connect again.';
  show(refusalOf(form), 'Not sent', `${call} answered false: this channel is ${channel.state}. ${advice}`);
}

function close({ code, reason }) {
  const before = channel.state;
  channel.close(code, reason);
  asked('close', { what: closeText(code ?? WebSocketChannel.CLOSE_NORMAL, reason) });
  if (before === 'closing' || before === 'stopped') {
    show(refusalOf('close'), 'Nothing to close', `This channel was ${before} already: the arguments were checked, nothing else.`);
  }
}

const closeText = (code, reason) => (reason ? `${code} ${excerptOfText(reason)}` : `${code}`);

/** What a page's user can do about a refusal, where the package speaks to its author. */
const HINTS = {
  NS_ERROR_ALREADY_OPENED: 'On this page: close it first, Connect then makes a new one.',
  NS_ERROR_NOT_CONNECTED: 'On this page: Connect.',
};

/** Runs what a form asks for; a refusal is shown in the form, until the next attempt of anything. */
async function attempt(id, action) {
  for (const place of document.querySelectorAll('form .refusal')) place.replaceChildren();
  try {
    await action();
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error;
    show(refusalOf(id), error.name, [error.message, HINTS[error.name]].filter(Boolean).join(' '));
  }
  refresh();
}

const refusalOf = (id) => element(id).querySelector('.refusal');

function show(place, name, message) {
  const strong = document.createElement('strong');
  strong.textContent = name;
  place.replaceChildren(strong, ' ', message);
}

function refresh() {
  showAttributes(channel, { list: element('attributes'), pill: element('state') });
}

/** bufferedAmount and state change without a call: look once a frame while there is a connection. */
function watch() {
  if (group.activeCount > 0) refresh();
  requestAnimationFrame(watch);
}

function onSubmit(id, action) {
  element(id).addEventListener('submit', (event) => {
    event.preventDefault();
    attempt(id, action);
  });
}

function start() {
  channel = newChannel();
  if (location.host) element('address').value = `${location.protocol.replace('http', 'ws')}//${location.host}/echo`;
  element('origin').placeholder = location.origin;
  suggestCodes(element('codes'));
  const closeArguments = watchCloseForm(element('close'));
  onSubmit('connect', connect);
  onSubmit('send-text', sendText);
  onSubmit('send-file', sendFile);
  onSubmit('close', () => close(closeArguments()));
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
  // WebAssembly is forbidden or missing: the first channel says so.
  show(element('unusable'), error.name, error.message);
  if (!(error instanceof ChannelError)) throw error;
}
