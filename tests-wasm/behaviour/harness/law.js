/**
 * Checks the listener's laws (ARCHITECTURE.md) against the record of a channel that has stopped. Every channel of every case is checked,
 * whatever the case itself is about.
 */
export function breachOfLaw(talk) {
  for (const law of laws) {
    const breach = law(talk, talk.calls);
    if (breach) return breach;
  }
  return null;
}

const laws = [
  function one_onStart_first_and_one_onStop_last(talk, calls) {
    if (calls[0]?.call !== 'onStart') return 'the first call is not onStart';
    if (count(calls, 'onStart') !== 1) return 'more than one onStart';
    if (count(calls, 'onStop') !== 1) return `${count(calls, 'onStop')} × onStop`;
    if (calls.at(-1).call !== 'onStop') return `${calls.at(-1).call} after onStop`;
    return null;
  },
  function a_channel_that_never_opened_gets_nothing_else(talk, calls) {
    const [start] = calls;
    const isOpen = start.state === 'open' || (talk.isAccepted && start.state === 'closing'); // close() was called right after asyncAccept
    if (isOpen) return start.status === 0 ? null : `status ${start.status} in the onStart of an open channel`;
    if (start.state !== 'stopped') return `state ${start.state} in onStart`;
    if (calls.length !== 2) return 'a channel that never opened had more calls than onStart and onStop';
    if (start.status === 0 || start.status !== calls[1].args[0]) return `status ${start.status} in onStart, ${calls[1].args[0]} in onStop`;
    return null;
  },
  function onServerClose_at_most_once_and_only_onStop_after_it(talk, calls) {
    const at = calls.findIndex(({ call }) => call === 'onServerClose');
    if (at < 0) return null;
    if (calls[at].state !== 'closing') return `state ${calls[at].state} in onServerClose`;
    return at === calls.length - 2 ? null : `${calls[at + 1].call} after onServerClose`;
  },
  function acknowledgements_once_each_in_order(talk) {
    const sizes = talk.acknowledged;
    const wrong = sizes.findIndex((size, at) => size !== talk.sent[at]);
    return wrong < 0 ? null : `onAcknowledge ${wrong} was for ${sizes[wrong]} bytes, but ${talk.sent[wrong]} were sent`;
  },
  function bufferedAmount_is_what_was_sent_and_not_acknowledged(talk, calls) {
    let [counted, waiting, isExact] = [0, 0, !talk.hasStream];
    for (const { call, args, bufferedAmount, sentCount } of calls) {
      for (; counted < sentCount; counted++) waiting += talk.sent[counted];
      if (call === 'onAcknowledge') waiting -= args[0];
      // What the host takes after onServerClose is not acknowledged (law 4).
      if (call === 'onServerClose') isExact = false;
      const right = isExact ? bufferedAmount === waiting : bufferedAmount >= 0 && bufferedAmount <= waiting;
      if (!right) return `bufferedAmount ${bufferedAmount} in ${call}, when ${waiting} bytes were sent and not acknowledged`;
    }
    return null;
  },
  function onStop_is_NS_OK_only_after_both_close_frames(talk, calls) {
    const [status, detail] = calls.at(-1).args;
    if (status === 0 && count(calls, 'onServerClose') === 0) return 'onStop(NS_OK) without onServerClose';
    if (status === 0 && detail.wasClean !== true) return 'onStop(NS_OK), and detail.wasClean is not true';
    return null;
  },
  function in_onStop_the_channel_is_stopped_and_its_status_is_onStops(talk, calls) {
    const { state, status, args } = calls.at(-1);
    if (state !== 'stopped') return `state ${state} in onStop`;
    return status === args[0] ? null : `channel.status ${status} in onStop(${args[0]})`;
  },
  function detail_names_the_status(talk, calls) {
    const [status, { name }] = calls.at(-1).args;
    // A load group may cancel with a number that has no name.
    const expected = talk.statusName(status) ?? null;
    return name === expected ? null : `detail.name ${name} in onStop(${status}), which is ${expected}`;
  },
  function the_context_is_handed_on_untouched(talk, calls) {
    const other = calls.find(({ context }) => context !== talk.context);
    return other ? `${other.call} was given another context` : null;
  },
  function arguments_have_their_types(talk, calls) {
    const wrong = calls.find(({ call, args }) => !signatures[call](...args));
    return wrong ? `${wrong.call} was given ${wrong.args.map((arg) => Object.prototype.toString.call(arg))}` : null;
  },
];

const signatures = {
  onStart: (...args) => args.length === 0,
  onMessageAvailable: (text, ...more) => typeof text === 'string' && more.length === 0,
  onBinaryMessageAvailable: (bytes, ...more) => bytes?.constructor === Uint8Array && more.length === 0,
  onAcknowledge: (size, ...more) => Number.isInteger(size) && size >= 0 && more.length === 0,
  onServerClose: (code, reason, ...more) => Number.isInteger(code) && typeof reason === 'string' && more.length === 0,
  onStop: (status, detail) => Number.isInteger(status) && DETAIL.every((key) => key in detail) && typeof detail.message === 'string'
    && detail.message.length > 0 && typeof detail.wasClean === 'boolean' && [null, 'local', 'remote'].includes(detail.closedBy)
    && [null, 'open', 'close', 'ping'].includes(detail.timeout) && (detail.cause === null || Object.prototype.toString.call(detail.cause) === '[object Error]' || detail.cause instanceof Error),
};

const DETAIL = ['name', 'message', 'wasClean', 'code', 'reason', 'closedBy', 'http', 'cause', 'timeout'];

function count(calls, name) {
  return calls.filter(({ call }) => call === name).length;
}
