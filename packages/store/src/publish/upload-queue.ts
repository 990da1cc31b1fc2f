import { setMaxListeners } from 'node:events'
import { CuemuxError } from '@cuemux/core'
import { withSignal } from '../abort.js'
import { positive } from '../limits.js'
import { isRepeatable } from './body.js'
import { outputFailed } from './failure.js'
import type { PublishBody, PublishOptions, PublishStore, StoredFile } from './publish-store.js'
import { checkRetries, type RetryEvent, withRetry } from './retry.js'

/** An upload that failed and is tried again. */
export interface UploadRetryEvent extends RetryEvent {
  readonly path: string
}

/** Options of {@link uploadQueue}. */
export interface UploadQueueOptions {
  readonly store: Pick<PublishStore, 'put'>
  /** How many uploads run at once. 4 when left out. */
  readonly concurrency?: number
  /** How often an upload is tried again. 5 when left out. */
  readonly retries?: number
  /** Half to all of it is waited before the first retry, of twice as much before each later one. 500 when left out. */
  readonly firstDelayMs?: number
  /** {@link UploadQueue.room} waits while this many uploads wait. Twice `concurrency` when left out. */
  readonly maxWaiting?: number
  /** Ends all with `ABORTED`. */
  readonly signal?: AbortSignal
  /** Is waited for before a file counts as stored: the place to write a checkpoint. What it throws ends the queue. */
  readonly onStored?: (file: StoredFile) => void | Promise<void>
  /** Is told of each attempt that failed and isn't the last. */
  readonly onRetry?: (event: UploadRetryEvent) => void
}

/** Options of {@link UploadQueue.add}. */
export interface AddOptions {
  readonly contentType?: string
  readonly cacheControl?: string
  /**
   * For a file that changes, as a playlist: stored after what was added under its path before, in its place. Of several that
   * wait, only the newest is stored. Without it, a path that was added once isn't uploaded again.
   */
  readonly replace?: boolean
}

/** What is uploaded: bytes, or a function that gives them anew for each attempt. A stream that is read once gets one attempt. */
export type UploadBody = PublishBody | (() => PublishBody)

/**
 * Uploads to a store, several at once and in any order, each tried again until it is stored. When one keeps failing the queue
 * ends: everything that waits for it, or asks later, is told why with `OUTPUT_FAILED`; what was stored stays and
 * need not be uploaded again. So a playlist that names only what {@link UploadQueue.whenStored} gave has no hole.
 */
export interface UploadQueue {
  /**
   * Adds a file. Doesn't wait for room; see {@link UploadQueue.room}.
   *
   * @returns the stored file, once it is
   */
  add(path: string, body: UploadBody, options?: AddOptions): Promise<StoredFile>
  /** Takes a file for stored that an earlier run stored: it isn't uploaded again. */
  adopt(file: StoredFile): void
  /** The files at these paths, once all are stored, also those that are added later. */
  whenStored(paths: readonly string[], options?: PublishOptions): Promise<readonly StoredFile[]>
  /** What is stored at a path by now. */
  stored(path: string): StoredFile | undefined
  /** Resolves when few enough uploads wait that another may be added: how a producer is held back. */
  room(options?: PublishOptions): Promise<void>
  /** Resolves when nothing waits or runs; rejects when the queue ended with an error. */
  drain(options?: PublishOptions): Promise<void>
  /** Ends the queue; resolves when nothing runs any more. Never rejects. */
  abort(reason?: unknown): Promise<void>
}

/** @throws CuemuxError `BAD_REQUEST` */
export function uploadQueue(options: UploadQueueOptions): UploadQueue {
  return new Uploads(options)
}

interface Upload {
  readonly done: Deferred<StoredFile>
  body: UploadBody
  options: AddOptions
}

/** All that is known of a path. */
interface Entry {
  readonly path: string
  /** Resolves with the first file that was stored there. */
  readonly first: Deferred<StoredFile>
  stored: StoredFile | undefined
  running: Upload | undefined
  next: Upload | undefined
}

class Uploads implements UploadQueue {
  readonly #options: UploadQueueOptions
  readonly #concurrency: number
  readonly #maxWaiting: number
  readonly #retries: number
  readonly #firstDelayMs: number
  readonly #entries = new Map<string, Entry>()
  readonly #waiting: Entry[] = []
  readonly #stop = new AbortController()
  #running = 0
  #failure: CuemuxError | undefined
  /** Resolved and replaced whenever an upload begins or ends. */
  #change = new Deferred<void>()

  constructor(options: UploadQueueOptions) {
    this.#options = options
    this.#concurrency = Math.ceil(positive('concurrency', options.concurrency ?? 4))
    this.#maxWaiting = Math.ceil(positive('maxWaiting', options.maxWaiting ?? 2 * this.#concurrency))
    this.#retries = checkRetries(options.retries ?? 5)
    this.#firstDelayMs = positive('firstDelayMs', options.firstDelayMs ?? 500)
    // Each running upload listens.
    setMaxListeners(0, this.#stop.signal)
    const { signal } = options
    const leave = (): void =>
      this.#fail(new CuemuxError('ABORTED', 'The operation was aborted.', { cause: signal?.reason }))
    if (signal?.aborted) leave()
    else signal?.addEventListener('abort', leave, { once: true, signal: this.#stop.signal })
  }

  add(path: string, body: UploadBody, options: AddOptions = {}): Promise<StoredFile> {
    if (this.#failure !== undefined) return rejected(this.#failure)
    const entry = this.#entry(path)
    if (options.replace !== true) {
      const earlier = entry.next?.done.promise ?? entry.running?.done.promise
      if (earlier !== undefined) return earlier
      if (entry.stored !== undefined) return Promise.resolve(entry.stored)
    }
    if (entry.next !== undefined) {
      entry.next.body = body
      entry.next.options = options
      return entry.next.done.promise
    }
    entry.next = { done: new Deferred(), body, options }
    const { promise } = entry.next.done
    if (entry.running === undefined) this.#waiting.push(entry)
    this.#pump()
    return promise
  }

  adopt(file: StoredFile): void {
    const entry = this.#entry(file.path)
    entry.stored ??= file
    entry.first.resolve(file)
  }

  async whenStored(paths: readonly string[], options: PublishOptions = {}): Promise<readonly StoredFile[]> {
    if (this.#failure !== undefined) throw this.#failure
    const first = Promise.all(paths.map(path => this.#entry(path).first.promise))
    await withSignal(first, options.signal)
    return paths.flatMap(path => this.stored(path) ?? [])
  }

  stored(path: string): StoredFile | undefined {
    return this.#entries.get(path)?.stored
  }

  async room(options: PublishOptions = {}): Promise<void> {
    await this.#until(() => this.#waiting.length < this.#maxWaiting, options.signal)
  }

  async drain(options: PublishOptions = {}): Promise<void> {
    await this.#until(() => this.#running === 0 && this.#waiting.length === 0, options.signal)
  }

  async abort(reason?: unknown): Promise<void> {
    this.#fail(new CuemuxError('ABORTED', 'The uploads were aborted.', { cause: reason }))
    while (this.#running > 0) await this.#change.promise
  }

  async #until(isReached: () => boolean, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      if (isReached()) return
      await withSignal(this.#change.promise, signal)
    }
  }

  #entry(path: string): Entry {
    let entry = this.#entries.get(path)
    if (entry === undefined) {
      entry = { path, first: new Deferred(), stored: undefined, running: undefined, next: undefined }
      this.#entries.set(path, entry)
    }
    return entry
  }

  #pump(): void {
    while (this.#failure === undefined && this.#running < this.#concurrency) {
      const entry = this.#waiting.shift()
      const upload = entry?.next
      if (entry === undefined || upload === undefined) return
      entry.next = undefined
      entry.running = upload
      this.#running++
      void this.#run(entry, upload).finally(() => {
        this.#running--
        entry.running = undefined
        if (entry.next !== undefined) this.#waiting.push(entry)
        this.#pump()
        this.#changed()
      })
    }
  }

  async #run(entry: Entry, upload: Upload): Promise<void> {
    try {
      const file = await this.#upload(entry.path, upload)
      await this.#options.onStored?.(file)
      entry.stored = file
      entry.first.resolve(file)
      upload.done.resolve(file)
    } catch (error) {
      this.#fail(describeFailure(entry.path, error))
      upload.done.reject(this.#failure)
    }
  }

  async #upload(path: string, { body, options }: Upload): Promise<StoredFile> {
    const signal = this.#stop.signal
    const { contentType, cacheControl } = options
    const canRepeat = typeof body === 'function' || isRepeatable(body)
    return await withRetry(
      async () =>
        await this.#options.store.put(path, typeof body === 'function' ? body() : body, {
          contentType,
          cacheControl,
          signal,
        }),
      {
        retries: canRepeat ? this.#retries : 0,
        firstDelayMs: this.#firstDelayMs,
        signal,
        onRetry: event => this.#options.onRetry?.({ path, ...event }),
      },
    )
  }

  #fail(error: CuemuxError): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    this.#waiting.length = 0
    for (const entry of this.#entries.values()) {
      entry.next?.done.reject(error)
      entry.next = undefined
      if (entry.stored === undefined) entry.first.reject(error)
    }
    this.#stop.abort(error)
    this.#changed()
  }

  #changed(): void {
    const change = this.#change
    this.#change = new Deferred()
    change.resolve()
  }
}

function describeFailure(path: string, error: unknown): CuemuxError {
  const failure = outputFailed(error, `Can't store ${path}`)
  if (failure.code !== 'OUTPUT_FAILED') return failure
  const hint = failure.hint === undefined ? '' : `${failure.hint} `
  return new CuemuxError('OUTPUT_FAILED', `${path} could not be stored: ${failure.message}`, {
    cause: failure.cause ?? failure,
    hint: `${hint}What is stored so far is kept: the job can be resumed.`,
  })
}

/** A promise to be settled from outside. Nobody needs to wait for it. */
class Deferred<T> {
  resolve!: (value: T) => void
  reject!: (error: unknown) => void
  readonly promise: Promise<T>

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    this.promise.catch(() => {})
  }
}

function rejected(error: unknown): Promise<never> {
  const promise = Promise.reject(error)
  promise.catch(() => {})
  return promise
}
