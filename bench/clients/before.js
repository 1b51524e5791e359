// Another build of websocket-channel, which `npm run bench -- --against FOLDER` names.

import { pathToFileURL } from 'node:url';
import { openerOf } from './channel.js';

export const open = await openerOf(pathToFileURL(`${process.env.WSC_BEFORE}/`));
