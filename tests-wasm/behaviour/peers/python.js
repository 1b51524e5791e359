import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the Python is that has `websockets` and `hypercorn`, if it was installed. */
export const python = () => process.env.WSC_PYTHON ?? join(homedir(), '.cache/websocket-channel/python-websockets-17.4/bin/python3');
