// Prints what importing changed in the process. The process ends by itself if importing keeps nothing open.
const look = () => ({
  globals: Reflect.ownKeys(globalThis).map(String),
  resources: process.getActiveResourcesInfo(),
  listeners: process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`),
});

await import('./nothing.mjs');
const before = look();
const api = await import('websocket-channel');
const after = look();
for (const what of Object.keys(before)) {
  console.log(JSON.stringify([what, after[what].filter((one) => !before[what].includes(one))]));
}
console.log(JSON.stringify(['exports', Object.keys(api).sort()]));
