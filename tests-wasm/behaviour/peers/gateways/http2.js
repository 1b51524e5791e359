import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Proxies that speak HTTP/2 with extended CONNECT to their clients, and HTTP/1.1 to the `ws` peer behind them. */
export const nghttpx = {
  ports: ['nghttpx'],
  write: (folder, ports, { ws }, authority) => [
    '--no-ocsp', '--workers=1', `--frontend=127.0.0.1,${ports.nghttpx}`, `--backend=127.0.0.1,${ws}`, '--conf=/dev/null', `--errorlog-file=${join(folder, 'log')}`,
    authority.path('good.key'), authority.path('good.chain'),
  ],
};

export const haproxy = {
  ports: ['haproxy'],
  write(folder, ports, { ws }, authority) {
    writeFileSync(join(folder, 'haproxy.cfg'), `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 60s
frontend secure
  bind 127.0.0.1:${ports.haproxy} ssl crt ${authority.path('good.pem')} alpn h2,http/1.1
  default_backend peer
backend peer
  server ws 127.0.0.1:${ws}
`);
    return ['-f', join(folder, 'haproxy.cfg')];
  },
};

/** A server in Python: an ASGI application that echoes messages. */
export const hypercorn = {
  ports: ['hypercorn'],
  write(folder, ports, behind, authority) {
    writeFileSync(join(folder, 'echo.py'), `
async def app(scope, receive, send):
    if scope["type"] != "websocket":
        return
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        event = await receive()
        if event["type"] != "websocket.receive":
            return
        await send({"type": "websocket.send", "text": event.get("text"), "bytes": event.get("bytes")})
`);
    return ['-m', 'hypercorn', '--bind', `127.0.0.1:${ports.hypercorn}`, '--certfile', authority.path('good.chain'), '--keyfile', authority.path('good.key'), 'echo:app'];
  },
};
