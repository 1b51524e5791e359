// securityInfo: what is known of a TLS connection, made of what socket.js has kept, when somebody asks.

const described = new WeakMap();

/** The same object each time for the same connection. */
export function describeSecurity(state) {
  if (!state) return null;
  if (!described.has(state)) described.set(state, describe(state));
  return described.get(state);
}

function describe({ protocol, cipher, alpn, serverName, sessionReused, certificate, untrustedReason }) {
  const chain = [];
  // A root is its own issuer.
  for (let it = certificate; it && !chain.some(({ fingerprint256 }) => fingerprint256 === it.fingerprint256); it = it.issuerCertificate) {
    chain.push(describeCertificate(it));
  }
  return Object.freeze({
    protocol,
    cipher: cipher?.standardName ?? cipher?.name ?? null,
    alpn: alpn || null,
    serverName: serverName || null,
    sessionReused,
    trusted: untrustedReason === null,
    untrustedReason: untrustedReason === null ? null : String(untrustedReason),
    certificate: chain[0] ?? null,
    chain: Object.freeze(chain),
  });
}

/** Of a node:crypto X509Certificate. */
function describeCertificate({ subject, issuer, subjectAltName, validFrom, validTo, serialNumber, fingerprint256, raw }) {
  return Object.freeze({
    subject: onOneLine(subject),
    issuer: onOneLine(issuer),
    names: Object.freeze(subjectAltName ? subjectAltName.match(/(?:"(?:[^"\\]|\\.)*"|[^,"])+/g).map((name) => name.trim()) : []),
    validFrom: new Date(validFrom),
    validTo: new Date(validTo),
    serialNumber,
    fingerprint256,
    der: new Uint8Array(raw),
  });
}

/** Node writes a name's parts on lines of their own. */
const onOneLine = (name) => (name ?? '').split('\n').join(', ');
