// Does the same as import_only.mjs, with require.
const look = () => ({
  globals: Reflect.ownKeys(globalThis).map(String),
  resources: process.getActiveResourcesInfo(),
  listeners: process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`),
});

const before = look();
const api = require('websocket-channel');
const after = look();
for (const what of Object.keys(before)) {
  console.log(JSON.stringify([what, after[what].filter((one) => !before[what].includes(one))]));
}
console.log(JSON.stringify(['exports', Object.keys(api).sort()]));
