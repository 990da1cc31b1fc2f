import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'

/** A redis-server of the test's own on a free port, which keeps nothing on disk. */
export class RedisServer {
  readonly port: number
  readonly #args: readonly string[]
  #process: ChildProcess | undefined

  private constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  static async start(...args: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args)
    await server.restart()
    return server
  }

  /** A port that nothing listens on, as a server that is down. */
  static async absent(): Promise<RedisServer> {
    return new RedisServer(await freePort(), [])
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  /** Starts the server again on the same port, empty. */
  async restart(): Promise<void> {
    const options = ['--port', String(this.port), '--bind', '127.0.0.1', '--save', '', '--dir', tmpdir(), ...this.#args]
    const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] })
    this.#process = child
    await new Promise<void>((resolve, reject) => {
      child.once('error', error => reject(new Error(`These tests need redis-server in the PATH: ${error.message}`)))
      child.once('exit', code => reject(new Error(`redis-server ended with ${code} at its start.`)))
      child.stdout?.on('data', (text: Buffer) => {
        if (text.includes('Ready to accept connections')) resolve()
      })
    })
  }

  /** Ends the server as a crash does. */
  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  /** The server takes connections and commands, but answers nothing until {@link resume}. */
  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('No port was given.')
  return address.port
}
