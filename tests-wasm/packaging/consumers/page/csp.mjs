import * as api from './node_modules/websocket-channel/browser.mjs';
import { firstChannel } from './first_channel.mjs';
import { talk } from './talk.mjs';

console.log(JSON.stringify(['imported', Object.keys(api).length, api.statusName(0)]));
if (firstChannel(api, console.log)) talk(api, new URLSearchParams(location.search).get('peer'), console.log);
else console.log('["end"]');
