import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { HandlerMetrics, HandlerOptions } from 'cuemux'

/** What a serving process has and has done. */
export interface Figures {
  readonly rssBytes: number
  readonly metrics: HandlerMetrics
  /** Open file descriptors. */
  readonly descriptors: number
  /** What keeps the process alive, by `process.getActiveResourcesInfo`. */
  readonly resources: readonly string[]
  readonly errors: readonly string[]
  /** Bytes of the films that were read at least once. */
  readonly uniqueBytes: number
}

/** What is served, and with what. */
export interface ServeSettings {
  /** Addresses by id. */
  readonly films: Readonly<Record<string, string>>
  /** As on a command line: a folder or a Redis. */
  readonly cache?: string
  readonly memoryBytes?: number
  readonly options?: Pick<HandlerOptions, 'limits' | 'cacheBytes' | 'readAhead'>
}

/** A process that serves films. */
export class ServedFilms {
  readonly port: number
  /** Descriptors that it had before it listened. */
  readonly descriptorsAtStart: number
  readonly pid: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number, descriptors: number) {
    this.#child = child
    this.port = port
    this.descriptorsAtStart = descriptors
    this.pid = child.pid ?? 0
  }

  static async start(settings: ServeSettings): Promise<ServedFilms> {
    const child = fork(fileURLToPath(new URL('serve-films.mjs', import.meta.url)), {
      // As docs/http.md recommends for services: glibc otherwise keeps freed segments for later.
      env: { ...process.env, MALLOC_MMAP_THRESHOLD_: '262144' },
    })
    child.send(settings)
    const [{ port, descriptors }] = (await once(child, 'message')) as [{ port: number; descriptors: number }]
    return new ServedFilms(child, port, descriptors)
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async figures(): Promise<Figures> {
    this.#child.send('figures')
    const [figures] = (await once(this.#child, 'message')) as [Figures]
    return figures
  }

  /** Closes the handler; gives what was left then, and the exit code of the process, which ends when nothing keeps it. */
  async close(): Promise<{ readonly left: Figures; readonly code: number | null }> {
    const exit = once(this.#child, 'exit')
    this.#child.send('close')
    const [left] = (await once(this.#child, 'message')) as [Figures]
    const [code] = (await exit) as [number | null]
    return { left, code }
  }
}
