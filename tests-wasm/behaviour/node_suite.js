import { acceptances } from './cases/accept.js';
import { acceptedEnds } from './cases/accept_end.js';
import { http2Acceptances } from './cases/accept_http2.js';
import { acceptedRequests } from './cases/accept_request.js';
import { attacks } from './cases/attack.js';
import { authorization } from './cases/authorization.js';
import { broadcasts } from './cases/broadcast.js';
import { busyLoops } from './cases/busy_loop.js';
import { consoleViews } from './cases/console_view.js';
import { diagnoses } from './cases/diagnosis.js';
import { differential } from './cases/differential.js';
import { digests } from './cases/digest.js';
import { eventServices } from './cases/event_service.js';
import { failedOpens } from './cases/failed_open.js';
import { flow } from './cases/flow.js';
import { halfCloses } from './cases/half_close.js';
import { headers } from './cases/header.js';
import { headerValues } from './cases/header_value.js';
import { hotAttributes } from './cases/hot_attribute.js';
import { http2 } from './cases/http2.js';
import { http2Sessions } from './cases/http2_session.js';
import { interimAnswers } from './cases/interim.js';
import { isolations } from './cases/isolation.js';
import { memory } from './cases/memory.js';
import { memoryLimits } from './cases/memory_limit.js';
import { oneConnecting } from './cases/one_connecting.js';
import { pings } from './cases/ping.js';
import { pingFloods } from './cases/ping_flood.js';
import { processes } from './cases/process.js';
import { progress } from './cases/progress.js';
import { proxies } from './cases/proxy.js';
import { proxyAuthorization } from './cases/proxy_auth.js';
import { proxyEnvironment } from './cases/proxy_env.js';
import { proxyFailures } from './cases/proxy_failure.js';
import { proxyInterims } from './cases/proxy_interim.js';
import { proxyTargets } from './cases/proxy_target.js';
import { proxyWaits } from './cases/proxy_wait.js';
import { redirects } from './cases/redirect.js';
import { redirectOrigins } from './cases/redirect_origin.js';
import { requirements } from './cases/requirement.js';
import { resetsAfter101 } from './cases/reset_after_101.js';
import { securityInfos } from './cases/security.js';
import { sentPings } from './cases/send_ping.js';
import { bufferedStreams } from './cases/stream_buffered.js';
import { nodeStreams } from './cases/stream_node.js';
import { streamPaces } from './cases/stream_pace.js';
import { tcpEnds } from './cases/tcp_end.js';
import { stackOverflows } from './cases/stack_overflow.js';
import { ticks } from './cases/tick.js';
import { tlsIdentities } from './cases/tls_identity.js';
import { turns } from './cases/turn.js';
import { webSocketFailures } from './cases/web_socket_failure.js';
import { named, suite } from './suite.js';

/** The cases that every host runs, and those that only a runtime with Node's sockets can run. */
export const nodeSuite = [...suite, ...named({
  requirements, headers, interimAnswers, attacks, differential, flow, memory, memoryLimits, processes, pings, sentPings, nodeStreams, streamPaces, progress, diagnoses,
  redirects, redirectOrigins, authorization, digests, securityInfos, proxies, proxyAuthorization, proxyEnvironment, proxyFailures, proxyWaits, proxyTargets,
  failedOpens, headerValues, halfCloses, resetsAfter101, pingFloods, busyLoops, tlsIdentities, proxyInterims, bufferedStreams, consoleViews, oneConnecting, webSocketFailures,
  acceptances, acceptedRequests, acceptedEnds, broadcasts, http2, http2Sessions, http2Acceptances, eventServices, tcpEnds, isolations, turns, hotAttributes, ticks, stackOverflows,
})];
