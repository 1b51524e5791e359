import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Runs cases in a process of a runtime (../runtime.js). `command` is [program, ...arguments]. Returns { run(name), stop() }:
 * `run` resolves to null, or to what was wrong with the case. If the process ends during a case, or does not finish the case within `limit`
 * milliseconds, that case fails, and the next case gets a new process.
 */
export function startRuntime({ command: [program, ...args], engine, addresses, limit }) {
  let child = null;

  async function start() {
    const env = { ...process.env, WSC_BEHAVIOUR: JSON.stringify({ engine, addresses }) };
    // With this variable, which node:test sets for its children, the process would report to node:test.
    delete env.NODE_TEST_CONTEXT;
    child = spawn(program, [...args, MAIN], { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await answer(child, ({ ready }) => ready, limit);
    return child;
  }

  return {
    async run(name) {
      try {
        const running = child ?? await start();
        const answered = answer(running, (message) => message.name === name, limit);
        running.send({ name });
        return (await answered).wrong;
      } catch (error) {
        child?.kill('SIGKILL');
        child = null;
        return `${program}: ${error.message}`;
      }
    },
    stop() {
      child?.kill('SIGKILL');
    },
  };
}

/** The child's first message that `matches`. */
function answer(child, matches, limit) {
  return new Promise((resolve, reject) => {
    const settle = (done) => {
      clearTimeout(timer);
      child.off('message', take).off('exit', left).off('error', failed);
      done();
    };
    const take = (message) => matches(message) && settle(() => resolve(message));
    const left = (code, signal) => settle(() => reject(new Error(`The process ended during the case (${signal ?? `exit code ${code}`}).`)));
    const failed = (error) => settle(() => reject(error));
    const timer = setTimeout(() => failed(new Error(`The case did not end within ${limit} ms.`)), limit);
    child.on('message', take).on('exit', left).on('error', failed);
  });
}

const MAIN = fileURLToPath(new URL('../runtime.js', import.meta.url));
