// Imports the package, and nothing else.
import 'websocket-channel';
