delete globalThis.WebAssembly;
const api = require('websocket-channel');
console.log(JSON.stringify(['imported', Object.keys(api).length, api.statusName(0)]));
import('./first_channel.mjs').then(({ firstChannel }) => firstChannel(api, console.log));
