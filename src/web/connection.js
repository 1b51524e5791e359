// The connection under WebSocket and WebSocketStream: a channel, opened as Fetch's handshake demands.

import { CANCEL, ChannelError, CLOSE_EMPTY, Status } from 'build:channel';

/**
 * Opens the channel and returns true. Returns false if Fetch blocks the port, or if a URL that the standard accepts cannot be used. Such a failure
 * is reported in a task of its own.
 */
export function open({ channel, origin }, record, protocols, listener, context) {
  channel.protocol = protocols.join(',');
  const error = tryToOpen(() => channel.asyncOpen(record.href, origin ?? null, listener, context));
  if (error === null) return true;
  const { name, message, result } = error;
  setTimeout(() => listener.onStop(context, result,
    { name, message, wasClean: false, code: 1006, reason: '', closedBy: null, http: null, cause: null, timeout: null }));
  return false;
}

/** Opens the channel. Returns why the URL cannot be used, or null: its user name cannot be sent, Fetch blocks its port, or the page's policy forbids it. */
function tryToOpen(asyncOpen) {
  try {
    asyncOpen();
    return null;
  } catch (error) {
    if (['NS_ERROR_MALFORMED_URI', 'NS_ERROR_PORT_ACCESS_NOT_ALLOWED', 'NS_ERROR_NOT_IMPLEMENTED'].includes(error?.name)) return error;
    throw error;
  }
}

/** Fetch is stricter than RFC 6455: a server that was asked for subprotocols must select one. Returns the failure, or null. */
export function missingProtocol(channel, wasAsked) {
  if (!wasAsked || channel.protocol !== '') return null;
  return new ChannelError('NS_ERROR_ILLEGAL_VALUE', Status.NS_ERROR_ILLEGAL_VALUE,
    'The server selected no subprotocol. Ask for one that it supports, or for none.');
}

/** Starts the closing handshake; without a code, the close frame is empty. */
export function startClosing(channel, { code, reason }) {
  if (code === null) channel[CLOSE_EMPTY]();
  else channel.close(code, reason);
}

/** Ends the connection for a reason that the channel does not know. */
export function fail(channel, error) {
  channel[CANCEL](error.result);
}

/** Why the connection failed, with onStop's detail; null if both close frames were exchanged. `failure` is a reason that the channel does not know, or null. */
export function stopError(status, detail, failure) {
  if (failure !== null) {
    const { name, message, cause = null } = failure;
    return Object.assign(failure, { detail: { ...detail, name, message, cause, wasClean: false, code: 1006, reason: '' } });
  }
  if (status === Status.NS_OK) return null;
  return Object.assign(new ChannelError(detail.name ?? 'NS_ERROR_FAILURE', status, detail.message, detail.cause ?? undefined), { detail });
}
