import { homedir } from 'node:os';
import { join } from 'node:path';

/** The path of the Python interpreter that has `websockets` and `hypercorn`. It may not be installed. */
export const python = () => process.env.WSC_PYTHON ?? join(homedir(), '.cache/websocket-channel/python/bin/python3');
