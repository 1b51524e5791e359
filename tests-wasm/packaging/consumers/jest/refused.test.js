// Runs in jsdom as Jest sets it up, without TextEncoder and TextDecoder.
const { ChannelError, Status, WebSocketChannel } = require('websocket-channel');

test('can be imported, and says what is missing', () => {
  expect(typeof TextDecoder).toBe('undefined');
  expect(typeof WebSocketChannel).toBe('function');
  const refused = (() => {
    try {
      return new WebSocketChannel();
    } catch (error) {
      return error;
    }
  })();
  expect(refused).toBeInstanceOf(ChannelError);
  expect(refused.result).toBe(Status.NS_ERROR_NOT_AVAILABLE);
  expect(refused.message).toMatch(/TextDecoder and TextEncoder are missing.*setupFiles/);
});
