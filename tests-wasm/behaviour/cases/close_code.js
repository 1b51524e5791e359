/** Close codes: what close() accepts, what is sent, and what the peer may send. */
export const closeCodes = [
  {
    name: 'close(code) on a stopped channel checks all 65,536 codes against the table',
    async run(t) {
      const talk = t.open(t.peer('refusing', '/'));
      await talk.end();
      t.same(acceptedBy(t, talk), VALID);
    },
  },
  {
    name: 'close(code) on a closing channel checks all 65,536 codes against the table, and no second close frame is sent',
    async run(t) {
      const talk = await t.opened(t.peer('rude', '/stubborn'), { options: { closeTimeoutMs: 500 } });
      talk.close(4999);
      t.same(acceptedBy(t, talk), VALID);
      await talk.end();
      const { frameCount, close } = await t.observedLast(talk);
      t.same([frameCount, close.code], [1, 4999]);
    },
  },
  {
    name: 'close() is close(1000, "")',
    async run(t) {
      for (const args of [[], [undefined], [undefined, undefined], [1000], [1000, '']]) {
        const talk = await t.opened(t.peer('ws', '/echo'));
        talk.close(...args);
        await t.stops(talk, { node: 'NS_OK' });
        t.same((await t.observed(talk, 'close')).close, { code: 1000, reason: '' }, `close(${args})`);
      }
    },
  },
  ...[
    [1000, 1000], [1001, 1001], [1002, 1002], [1003, 1003], [1004, 1009], [1007, 1007], [1008, 1008], [1009, 1009], [1010, 1010],
    [1011, 1011], [1012, 1012], [1013, 1013], [1014, 1014], [3000, 3000], [3999, 3999], [4000, 4000], [4999, 4999],
  ].map(([code, onTheWire]) => ({
    name: code === onTheWire ? `close(${code}) is ${code} on the wire` : `close(${code}) is ${onTheWire} on the wire`,
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      talk.close(code, 'why');
      await t.stops(talk, { node: 'NS_OK' });
      // A browser lets a page send only 1000 and 3000 to 4999: any other code closes without a status.
      const expected = t.host === 'node' || code === 1000 || code >= 3000 ? { code: onTheWire, reason: 'why' } : { code: 1005, reason: '' };
      t.same((await t.observed(talk, 'close')).close, expected);
      t.is((await talk.until('onServerClose')).args[0], expected.code, 'the code the peer answered with');
    },
  })),
  {
    name: 'a reason of 123 bytes is sent, in ASCII and in UTF-8',
    async run(t) {
      for (const reason of ['r'.repeat(123), `${'é'.repeat(61)}r`, '💧'.repeat(30)]) {
        const talk = await t.opened(t.peer('ws', '/echo'));
        talk.close(4000, reason);
        await talk.end();
        t.same((await t.observed(talk, 'close')).close, { code: 4000, reason });
      }
    },
  },
  {
    name: 'a reason of more than 123 bytes, not characters, is refused, and nothing changes',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      for (const reason of ['r'.repeat(124), 'é'.repeat(62), '💧'.repeat(31), '\ud800'.repeat(42), 'x'.repeat(1_000_000)]) {
        for (const code of [1000, 1001, 4000]) t.throws('NS_ERROR_INVALID_ARG', () => talk.close(code, reason));
      }
      t.is(talk.channel.state, 'open');
      talk.send('still here');
      t.same(await talk.untilMessages(1), ['still here']);
    },
  },
  {
    name: 'lone surrogates in a reason become U+FFFD',
    async run(t) {
      const talk = await t.opened(t.peer('ws', '/echo'));
      talk.close(4000, '\ud800 and \udc00');
      await talk.end();
      t.same((await t.observed(talk, 'close')).close, { code: 4000, reason: '\ufffd and \ufffd' });
      const full = await t.opened(t.peer('ws', '/echo'));
      full.close(4000, '\ud800'.repeat(41));
      await full.end();
      t.is((await t.observed(full, 'close')).close.reason, '\ufffd'.repeat(41));
    },
  },
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) => ({
    name: `from the peer, ${code} is reported and answered with the same code`,
    // Browsers differ in how they handle the other codes.
    hosts: [1000, 1001, 1011, 3000, 4000, 4999].includes(code) ? ['node', 'browser'] : ['node'],
    async run(t) {
      const talk = await t.opened(t.raw(`88 04 ${hex(code)} 6f6b`));
      await t.stops(talk, { node: 'NS_OK' });
      t.same((await talk.until('onServerClose')).args, [code, 'ok']);
      t.is((await t.observed(talk, 'close')).close.code, code);
    },
  })),
  ...[0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) => ({
    name: `from the peer, ${code} is a protocol error`,
    hosts: ['node'],
    async run(t) {
      const talk = await t.opened(t.raw(`88 02 ${hex(code)}`));
      const detail = await t.stops(talk, { node: 'NS_ERROR_ILLEGAL_VALUE' });
      t.ok(!talk.names.includes('onServerClose'), 'no onServerClose');
      t.is(detail.wasClean, false);
      t.is((await t.observed(talk, 'ended')).close?.code, 1002);
    },
  })),
  {
    name: 'from the peer, the codes around every boundary of the table are valid or invalid as the table says',
    hosts: ['node'],
    async run(t) {
      const borders = [998, 999, 1000, 1003, 1004, 1005, 1006, 1007, 1014, 1015, 1016, 1999, 2000, 2999, 3000, 3001, 4999, 5000, 5001, 32_768, 65_535];
      const talks = [];
      for (const code of borders) talks.push([code, await t.opened(t.raw(`88 02 ${hex(code)}`))]);
      for (const [code, talk] of talks) {
        const { status } = await talk.end();
        const valid = VALID.includes(code) && code !== 1004;
        t.is(t.api.statusName(status), valid ? 'NS_OK' : 'NS_ERROR_ILLEGAL_VALUE', `onStop after the peer's ${code}`);
      }
    },
  },
  {
    name: 'the constants have the documented names and numbers',
    async run(t) {
      for (const [name, code] of Object.entries(CONSTANTS)) t.is(t.api.WebSocketChannel[name], code, name);
    },
  },
];

/** Returns all codes that close() accepts on this channel. For each code, close() either returns undefined or throws NS_ERROR_INVALID_ARG. */
function acceptedBy(t, talk) {
  const accepted = [];
  for (let code = 0; code <= 0xffff; code++) {
    try {
      t.is(talk.close(code), undefined);
      accepted.push(code);
    } catch (error) {
      if (error.name !== 'NS_ERROR_INVALID_ARG' || !(error instanceof t.api.ChannelError)) throw error;
    }
  }
  return accepted;
}

function hex(code) {
  return code.toString(16).padStart(4, '0');
}

const VALID = [
  1000, 1001, 1002, 1003, 1004, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, ...Array.from({ length: 2000 }, (_, at) => 3000 + at),
];

const CONSTANTS = {
  CLOSE_NORMAL: 1000, CLOSE_GOING_AWAY: 1001, CLOSE_PROTOCOL_ERROR: 1002, CLOSE_UNSUPPORTED: 1003, CLOSE_TOO_LARGE: 1004,
  CLOSE_NO_STATUS: 1005, CLOSE_ABNORMAL: 1006, CLOSE_INVALID_PAYLOAD: 1007, CLOSE_POLICY_VIOLATION: 1008, CLOSE_MESSAGE_TOO_BIG: 1009,
  CLOSE_EXTENSION_MISSING: 1010, CLOSE_INTERNAL_ERROR: 1011, CLOSE_SERVICE_RESTART: 1012, CLOSE_TRY_AGAIN_LATER: 1013,
  CLOSE_BAD_GATEWAY: 1014, CLOSE_TLS_FAILED: 1015,
};
