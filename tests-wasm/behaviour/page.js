import * as api from 'websocket-channel';
import { runCase } from './harness/context.js';
import { pageHost } from './harness/page_host.js';
import { suite } from './suite.js';

/** The page's function for the test that drives it. It runs the case with this name, and resolves to null or to a description of the failure. */
const { addresses, engine } = globalThis.behaviour;
const host = pageHost(engine);

globalThis.behaviour.run = async (name) => {
  host.strays.length = 0;
  try {
    await runCase(suite.find((one) => one.name === name), api, host, addresses);
    return host.strays.length ? `uncaught in the page: ${host.strays.map((error) => error?.stack ?? error).join('\n')}` : null;
  } catch (error) {
    return `${error.name}: ${error.message}\n${error.stack}`;
  }
};
