// The package is loaded while fake timers are installed, as with Jest's option fakeTimers.enableGlobally.
jest.useFakeTimers();
const { WebSocket } = require('websocket-channel');

const LENGTHS = [10, 3_000_000];

/** The lengths of what an echo server sends back. */
function echoed() {
  return new Promise((resolve, reject) => {
    const lengths = [];
    const socket = new WebSocket(process.env.PEER, 'echo');
    socket.onopen = () => { for (const length of LENGTHS) socket.send('x'.repeat(length)); };
    socket.onerror = ({ message }) => reject(new Error(message));
    socket.onmessage = ({ data }) => {
      lengths.push(data.length);
      if (lengths.length === LENGTHS.length) socket.close();
    };
    socket.onclose = () => resolve(lengths);
  });
}

test('a socket works while fake timers are installed', async () => {
  expect(await echoed()).toEqual(LENGTHS);
});

test('and afterwards', async () => {
  jest.useRealTimers();
  expect(await echoed()).toEqual(LENGTHS);
});
