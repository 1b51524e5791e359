/**
 * What Node now knows about a TLS socket's peer, trusted or not; null if that is nothing. (Bun knows nothing of a socket that it has closed because of
 * its certificate.) `chain` has the certificates in DER, the peer's first.
 */
export function certificatesOf(socket) {
  const protocol = socket.getProtocol();
  if (!protocol) return null;
  const chain = [];
  // (getPeerX509Certificate, called here, makes Node find no names in the certificate.) A root is its own issuer.
  for (let it = socket.getPeerCertificate(true); it?.raw && !chain.includes(it); it = it.issuerCertificate) chain.push(it);
  const cipher = socket.getCipher();
  return {
    protocol,
    cipher: cipher?.standardName ?? cipher?.name ?? null,
    alpn: socket.alpnProtocol || null,
    serverName: socket.servername || null,
    sessionReused: socket.isSessionReused(),
    chain: chain.map(({ raw }) => raw),
  };
}
