// Modules of Node that take longer to load than the package itself, and that a connection without TLS does not need. Each is loaded on first use.
// Where Node has no getBuiltinModule (before 20.16), this file is part of a CommonJS bundle, which has `require`.

export const tls = () => process.getBuiltinModule?.('node:tls') ?? require('node:tls');
export const http2 = () => process.getBuiltinModule?.('node:http2') ?? require('node:http2');
const crypto = () => process.getBuiltinModule?.('node:crypto') ?? require('node:crypto');

export const createSecureContext = (options) => tls().createSecureContext(options);
/** Fills the bytes with random ones. Node 20 can be started without the global `crypto`. */
export const fillRandom = (bytes) => { (globalThis.crypto ?? crypto().webcrypto).getRandomValues(bytes); };
/** The certificate that these bytes are, in DER. */
export const parseCertificate = (der) => new (crypto().X509Certificate)(der);
