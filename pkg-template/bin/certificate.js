// A certificate for this machine only, for as long as the program runs.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** { cert, key } in PEM, and the path of a file that contains the certificate. */
export async function certificate() {
  const { default: { generate } } = await import('selfsigned');
  const names = [{ type: 2, value: 'localhost' }, { type: 7, ip: '127.0.0.1' }, { type: 7, ip: '::1' }];
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec', curve: 'P-256', algorithm: 'sha256', notAfterDate: new Date(Date.now() + 30 * 86_400_000),
    extensions: [{ name: 'basicConstraints', cA: false }, { name: 'subjectAltName', altNames: names }],
  });
  const folder = mkdtempSync(join(tmpdir(), 'websocket-channel-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'cert.pem');
  writeFileSync(path, cert);
  return { cert, key, path };
}
