import { firstChannel } from './first_channel.mjs';

delete globalThis.WebAssembly;
const api = await import('websocket-channel');
console.log(JSON.stringify(['imported', Object.keys(api).length, api.statusName(0)]));
firstChannel(api, console.log);
