using Workerd = import "/workerd/workerd.capnp";

# One Worker on loopback, which may open connections to loopback. esbuild makes the bundle, with the conditions that wrangler sets.
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [
        (name = "worker.mjs", esModule = embed "dist/worker.js"),
        (name = "browser.wasm", wasm = embed "dist/browser.wasm"),
      ],
      compatibilityDate = "2025-01-01",
    )),
    (name = "internet", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
