import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Starts the system's Firefox, headless, driven by geckodriver through a small WebDriver client. Returns { open(url), run(script, ...args), stop() }. */
export async function startFirefox({ geckodriver, firefox, acceptInsecureCerts = false }) {
  const child = spawn(geckodriver, ['--port', '0', '--host', '127.0.0.1'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await portOf(child);
  const command = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
    const { value } = await response.json();
    if (!response.ok) throw new Error(`WebDriver ${method} ${path}: ${value.error}: ${value.message}`);
    return value;
  };
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stopDriver = () => { child.kill(); return ended; };
  const session = await command('POST', '/session', capabilities(firefox, acceptInsecureCerts)).catch(async (error) => {
    await stopDriver();
    throw error;
  });
  const inSession = (method, path, body) => command(method, `/session/${session.sessionId}${path}`, body);
  return {
    open: (url) => inSession('POST', '/url', { url }),
    /** Runs the body of an async function in the page. */
    run: (script, ...args) => inSession('POST', '/execute/async', {
      script: `const done = arguments[arguments.length - 1]; (async (...args) => { ${script} })(...arguments).then(done, (error) => done(String(error)));`,
      args,
    }),
    /** A screenshot of the page, as PNG. */
    screenshot: async () => Buffer.from(await inSession('GET', '/screenshot'), 'base64'),
    /** Sets the outer size of the window, in pixels. */
    resize: (width, height) => inSession('POST', '/window/rect', { width, height }),
    async stop() {
      await inSession('DELETE', '').catch(() => {});
      await stopDriver();
    },
  };
}

/** The port of geckodriver. With `--port 0` the system chooses it, and geckodriver prints it. */
function portOf(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`geckodriver ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /Listening on 127\.0\.0\.1:(\d+)/.exec(line);
      if (found) resolve(Number(found[1]));
    });
  });
}

function capabilities(binary, acceptInsecureCerts) {
  return {
    capabilities: {
      alwaysMatch: {
        browserName: 'firefox',
        acceptInsecureCerts,
        timeouts: { script: 60_000 },
        'moz:firefoxOptions': { binary, args: ['-headless'], prefs },
      },
    },
  };
}

const prefs = {
  // Firefox delays a new connection to a host that has just failed, longer each time. The failing peers would slow the suite down.
  'network.websocket.delay-failed-reconnects': false,
  // Firefox keeps the connections of channels that are cancelled while connecting, so the suite needs more than the default of six.
  'network.http.max-persistent-connections-per-server': 200,
  // Firefox may only use the loopback interface.
  'app.normandy.enabled': false,
  'browser.safebrowsing.downloads.enabled': false,
  'browser.search.update': false,
  'datareporting.healthreport.uploadEnabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'extensions.update.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'network.proxy.type': 0,
  'services.settings.server': 'data:,#none',
  'toolkit.telemetry.enabled': false,
  'toolkit.telemetry.server': 'data:,',
};
