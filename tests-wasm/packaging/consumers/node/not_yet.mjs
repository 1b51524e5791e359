// Attributes of the page that this version refuses: prints what setting each to something throws.
import { WebSocketChannel } from 'websocket-channel';

for (const [name, value] of [['pingInterval', 1], ['pingTimeout', 1], ['notificationCallbacks', {}]]) {
  const channel = new WebSocketChannel();
  const before = channel[name];
  try {
    channel[name] = value;
    console.log(JSON.stringify([name, 'taken']));
  } catch (error) {
    console.log(JSON.stringify([name, error.name, channel[name] === before]));
  }
}
