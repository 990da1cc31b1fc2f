import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runOrThrow } from '../support/process.js'

/** A key and a certificate for 127.0.0.1 that only who is given it trusts; made by openssl, which every test machine has with its TLS. */
export async function selfSignedCertificate(): Promise<{ readonly key: string; readonly cert: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'cuemux-tls-'))
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')]
  try {
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
    const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
    await runOrThrow('openssl', ['req', '-x509', ...kind, ...names, '-keyout', key, '-out', cert])
    return { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
