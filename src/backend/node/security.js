// securityInfo: what is known of a TLS connection, made of what socket.js has kept, when somebody asks.

import { X509Certificate } from 'node:crypto';

const described = new WeakMap();

/** The same object each time for the same connection. */
export function describeSecurity(state) {
  if (!state) return null;
  if (!described.has(state)) described.set(state, describe(state));
  return described.get(state);
}

function describe({ protocol, cipher, alpn, serverName, sessionReused, chain, untrustedReason }) {
  const certificates = Object.freeze(chain.map(describeCertificate));
  return Object.freeze({
    protocol,
    cipher: cipher?.standardName ?? cipher?.name ?? null,
    alpn: alpn || null,
    serverName: serverName || null,
    sessionReused,
    trusted: untrustedReason === null,
    untrustedReason: untrustedReason === null ? null : String(untrustedReason),
    certificate: certificates[0] ?? null,
    chain: certificates,
  });
}

function describeCertificate(raw) {
  const { subject, issuer, subjectAltName, validFrom, validTo, serialNumber, fingerprint256 } = new X509Certificate(raw);
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
