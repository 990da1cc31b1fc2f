import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
// @ts-expect-error: it has no types.
import S3rver from 's3rver'

/** What is used of s3rver, which has no types. */
interface Server {
  run(): Promise<AddressInfo>
  close(): Promise<void>
}

/** An S3 server of a test's own: s3rver with one bucket. It checks MD5s and who asks, but no signatures of version 4. */
export class S3Server {
  readonly port: number
  readonly #server: Server
  readonly #folder: string

  private constructor(server: Server, folder: string, port: number) {
    this.#server = server
    this.#folder = folder
    this.port = port
  }

  /** The only key that s3rver takes. */
  static readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } = {
    accessKeyId: 'S3RVER',
    secretAccessKey: 'S3RVER',
  }

  static async start(bucket: string): Promise<S3Server> {
    const folder = mkdtempSync(path.join(tmpdir(), 'cuemux-s3-'))
    const server = new S3rver({
      address: '127.0.0.1',
      port: 0,
      silent: true,
      directory: folder,
      configureBuckets: [{ name: bucket }],
    }) as Server
    const { port } = await server.run()
    return new S3Server(server, folder, port)
  }

  async close(): Promise<void> {
    await this.#server.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
