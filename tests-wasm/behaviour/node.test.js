import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { attacks } from './cases/attack.js';
import { authorization } from './cases/authorization.js';
import { diagnoses } from './cases/diagnosis.js';
import { differential } from './cases/differential.js';
import { digests } from './cases/digest.js';
import { flow } from './cases/flow.js';
import { headers } from './cases/header.js';
import { interimAnswers } from './cases/interim.js';
import { memory } from './cases/memory.js';
import { pings } from './cases/ping.js';
import { processes } from './cases/process.js';
import { progress } from './cases/progress.js';
import { proxies } from './cases/proxy.js';
import { proxyAuthorization } from './cases/proxy_auth.js';
import { proxyEnvironment } from './cases/proxy_env.js';
import { proxyFailures } from './cases/proxy_failure.js';
import { proxyTargets } from './cases/proxy_target.js';
import { proxyWaits } from './cases/proxy_wait.js';
import { redirects } from './cases/redirect.js';
import { redirectOrigins } from './cases/redirect_origin.js';
import { requirements } from './cases/requirement.js';
import { securityInfos } from './cases/security.js';
import { sentPings } from './cases/send_ping.js';
import { nodeStreams } from './cases/stream_node.js';
import { streamPaces } from './cases/stream_pace.js';
import { runCase } from './harness/context.js';
import { installedFolder } from './harness/installed.js';
import { nodeHost } from './harness/node_host.js';
import { startPeers } from './harness/peers.js';
import { casesFor, named, suite } from './suite.js';

/** The behaviour suite in Node, through the installed package's ESM entry. */
const api = await importInstalled('websocket-channel');
const host = nodeHost(api);
const { addresses, stop } = await startPeers({ gateways: true });
after(stop);

const cases = [...suite, ...named({
  requirements, headers, interimAnswers, attacks, differential, flow, memory, processes, pings, sentPings, nodeStreams, streamPaces, progress, diagnoses,
  redirects, redirectOrigins, authorization, digests, securityInfos, proxies, proxyAuthorization, proxyEnvironment, proxyFailures, proxyWaits, proxyTargets,
})];
for (const { name, skip, ...one } of casesFor('node', addresses, cases)) {
  test(name, { skip, timeout: 60_000 }, () => runCase(one, api, host, addresses));
}

/** The import is made by a module inside the folder, so that Node resolves it by the package's exports map. */
async function importInstalled(name) {
  const inside = join(installedFolder(), 'behaviour.mjs');
  writeFileSync(inside, `export * from '${name}';\n`);
  return import(pathToFileURL(inside));
}
