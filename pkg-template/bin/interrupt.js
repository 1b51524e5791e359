/** Calls back, with the signal's name, when the user or the system wants the command to end: Ctrl-C, `kill`, or a terminal that is closed. */
export function onInterrupt(callback) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => callback(signal));
}
