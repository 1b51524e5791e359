// An uncaught error: a listener that throws.
import { WebSocketChannel } from 'websocket-channel';

new WebSocketChannel().asyncOpen(process.argv[2], null, {
  onStart() { throw new Error('a bug in the listener'); },
});
