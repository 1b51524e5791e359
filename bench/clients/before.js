// Another build of websocket-channel, named by `npm run bench -- --against FOLDER`.

import { pathToFileURL } from 'node:url';
import { openerOf } from './package.js';

export const open = await openerOf(pathToFileURL(`${process.env.WSC_BEFORE}/`));
