import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server with as much of S3 as publishing needs: it counts what is stored. Signatures aren't looked at. */
export class ObjectServer {
  /** Objects by `bucket/key`. */
  readonly objects = new Map<string, Buffer>()
  /** How often an object was stored, by `bucket/key`. */
  readonly puts = new Map<string, number>()
  /** Called when an object is stored, before its answer is sent. */
  onStored: (key: string) => void = () => {}
  readonly #server: Server

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  static async start(): Promise<ObjectServer> {
    const server = new ObjectServer()
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  /** The variables of the environment by which a process reaches it. */
  get environment(): Readonly<Record<string, string>> {
    const { port } = this.#server.address() as AddressInfo
    return {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
    }
  }

  async close(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const key = decodeURIComponent(new URL(request.url ?? '', 'http://server').pathname.slice(1))
    const pieces: Buffer[] = []
    // A body that is cut by its sender's end throws here: nothing is stored then.
    for await (const piece of request) pieces.push(piece as Buffer)
    if (request.method === 'PUT') {
      this.objects.set(key, Buffer.concat(pieces))
      this.puts.set(key, (this.puts.get(key) ?? 0) + 1)
      this.onStored(key)
    }
    const object = this.objects.get(key)
    if (object === undefined) {
      response.writeHead(404).end()
      return
    }
    const etag = `"${createHash('md5').update(object).digest('hex')}"`
    const hasBody = request.method === 'GET'
    response.writeHead(200, { etag, 'content-length': request.method === 'PUT' ? 0 : object.byteLength })
    response.end(hasBody ? object : undefined)
  }
}
