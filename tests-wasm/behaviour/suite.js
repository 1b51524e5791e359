import { argumentErrors } from './cases/argument_error.js';
import { attributes } from './cases/attribute.js';
import { closeCodes } from './cases/close_code.js';
import { compression } from './cases/compression.js';
import { constructions } from './cases/construction.js';
import { detailNames } from './cases/detail_name.js';
import { failures } from './cases/failure.js';
import { frames } from './cases/frame.js';
import { fuzz } from './cases/fuzz.js';
import { handshakes } from './cases/handshake.js';
import { inspections } from './cases/inspect.js';
import { laws } from './cases/law.js';
import { limits } from './cases/limit.js';
import { listeners } from './cases/listener.js';
import { loadGroups } from './cases/load_group.js';
import { messages } from './cases/message.js';
import { methods } from './cases/method.js';
import { options } from './cases/option.js';
import { pollutions } from './cases/pollution.js';
import { python } from './cases/python.js';
import { relativeUris } from './cases/relative_uri.js';
import { reportErrors } from './cases/report_error.js';
import { signals } from './cases/signal.js';
import { soak } from './cases/soak.js';
import { statusNames } from './cases/status_name.js';
import { streams } from './cases/stream.js';
import { endedStreams } from './cases/stream_end.js';
import { subclassLengths } from './cases/subclass_length.js';
import { pageSockets } from './cases/page_socket.js';
import { webSocketCloses } from './cases/web_socket_close.js';
import { webSocketConstructions } from './cases/web_socket_construct.js';
import { webSocketDispatches } from './cases/web_socket_dispatch.js';
import { webSocketEvents } from './cases/web_socket_event.js';
import { webSocketHandlers } from './cases/web_socket_handler.js';
import { webSocketInterfaces } from './cases/web_socket_idl.js';
import { webSocketListeners } from './cases/web_socket_listener.js';
import { webSocketMessages } from './cases/web_socket_receive.js';
import { webSocketSends } from './cases/web_socket_send.js';
import { webStreamCloses } from './cases/web_stream_close.js';
import { webStreamMessages } from './cases/web_stream_message.js';
import { webStreamOpenings } from './cases/web_stream_open.js';

/** The behaviour suite that every host runs. A case's `hosts` limits it to the hosts named there; its `needs` names the addresses that it requires. */
export const suite = named({
  laws, listeners, methods, attributes, closeCodes, failures, handshakes, frames, limits, messages, compression, options, loadGroups, python, streams, endedStreams,
  fuzz, constructions, pollutions, signals, reportErrors, subclassLengths, argumentErrors, detailNames, statusNames, inspections, relativeUris, soak,
  webSocketConstructions, webSocketInterfaces, webSocketEvents, webSocketListeners, webSocketDispatches, webSocketHandlers, webSocketSends, webSocketMessages, webSocketCloses, pageSockets,
  webStreamOpenings, webStreamMessages, webStreamCloses,
});

/** Turns cases by subject into one list, where each case's name starts with its subject. */
export function named(subjects) {
  return Object.entries(subjects).flatMap(([subject, cases]) => cases.map((one) => ({ ...one, name: `${words(subject)}: ${one.name}` })));
}

/** The cases for this host, each with the reason to skip it, or false. */
export function casesFor(host, addresses, cases = suite) {
  return cases
    .filter(({ hosts }) => !hosts || hosts.includes(host))
    .map((one) => {
      const missing = [one.needs ?? []].flat().filter((name) => !addresses[name]);
      return { ...one, skip: missing.length > 0 ? `${missing.join(', ')} is not available` : false };
    });
}

function words(name) {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
