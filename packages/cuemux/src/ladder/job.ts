import { setMaxListeners } from 'node:events'
import { CuemuxError, toCuemuxError } from '@cuemux/core'
import { type Checkpoint, type StoredFile, type UploadQueue, uploadQueue } from '@cuemux/store'
import { tell } from './listener.js'
import type { LadderEngine, LadderSegment } from './model.js'
import type { FrameLadder, LadderJobProgress, LadderPublishing, LadderResult, LadderUpdate } from './options.js'
import { Watchdog, waitAtMost, withSignal } from './patience.js'
import { Publisher } from './publisher.js'
import { recordOf } from './records.js'
import { sparingStore } from './sparing-store.js'
import type { StoredRendition, StoredSegment } from './stored-ladder.js'
import { Versions } from './versions.js'

const DEFAULT_PATIENCE_MS = 300_000
const DEFAULT_INTERVAL_MS = 1000
/** How long an end may take that was asked for at once. */
export const END_MS = 5000
const PROGRESS_INTERVAL_MS = 250
/** A ladder's segments don't change under their names. */
const CACHE_CONTROL = 'public, max-age=31536000, immutable'

/** A ladder's parts. */
export interface JobOptions extends LadderPublishing {
  readonly engine: LadderEngine
  /** Whether frames are pushed; a film ends by itself. */
  readonly isPushed: boolean
}

/** A file on its way: what it is. */
interface Waiting {
  readonly stored: StoredRendition
  readonly segment: Omit<StoredSegment, 'file'> | undefined
}

/** A ladder at work. */
export class LadderJob implements FrameLadder {
  readonly done: Promise<LadderResult>
  readonly #options: JobOptions
  readonly #renditions: ReadonlyMap<string, StoredRendition>
  readonly #checkpoint: Checkpoint | undefined
  readonly #resumed: number
  readonly #queue: UploadQueue
  readonly #versions: Versions
  readonly #endMs: number
  readonly #watchdog: Watchdog
  readonly #waiting = new Map<string, Waiting>()
  /** Ends everything. */
  readonly #stop = new AbortController()
  /** Ends a film before its end. */
  readonly #endFilm = new AbortController()
  #state: 'open' | 'closing' | 'settled' = 'open'
  #failure: CuemuxError | undefined
  #uploadedBytes = 0
  #toldProgressAt = Number.NEGATIVE_INFINITY
  #seenUs = 0

  constructor(
    options: JobOptions,
    renditions: ReadonlyMap<string, StoredRendition>,
    checkpoint: Checkpoint | undefined,
    resumed: number,
  ) {
    this.#options = options
    this.#renditions = renditions
    this.#checkpoint = checkpoint
    this.#resumed = resumed
    setMaxListeners(0, this.#stop.signal)
    const { store, engine, signal } = options
    this.#queue = uploadQueue({
      store: sparingStore(store, checkpoint?.isResumed === true, path => this.#waiting.has(path)),
      ...options.uploads,
      signal: this.#stop.signal,
      onStored: file => this.#onStored(file),
      onRetry: event => tell(options.onEvent, { type: 'upload-retry', ...event }),
    })
    const stopSignal = this.#stop.signal
    this.#versions = new Versions({
      publisher: new Publisher({
        store,
        queue: this.#queue,
        renditions: [...renditions.values()],
        targetDurationMs: engine.targetDurationMs,
        signal: stopSignal,
      }),
      intervalMs: options.playlistIntervalMs ?? DEFAULT_INTERVAL_MS,
      signal: stopSignal,
      onUpdate: options.onPlaylist,
      onError: error => this.#fail(error),
    })
    const patienceMs = patienceOf(options)
    this.#endMs = Math.min(END_MS, patienceMs)
    this.#watchdog = new Watchdog(
      patienceMs,
      () => this.#hasStalled(),
      () => this.#fail(stalled(patienceMs)),
    )
    const leave = (): void => this.#fail(aborted(signal?.reason))
    if (signal?.aborted) leave()
    signal?.addEventListener('abort', leave, { once: true, signal: this.#stop.signal })
    this.done = Promise.resolve().then(() => this.#run())
    this.done.catch(() => {})
  }

  get isOpen(): boolean {
    return this.#state === 'open' && this.#failure === undefined
  }

  get current(): LadderUpdate | undefined {
    return this.#versions.newest
  }

  get progress(): LadderJobProgress {
    const { encodedUs, durationUs, speed } = this.#options.engine.progress
    const storedSegments = [...this.#renditions.values()].reduce((sum, { count }) => sum + count, 0)
    return {
      encodedMs: encodedUs / 1000,
      durationMs: durationUs === undefined ? undefined : durationUs / 1000,
      speed,
      remainingMs:
        durationUs === undefined || speed <= 0 ? undefined : Math.max(0, durationUs - encodedUs) / 1000 / speed,
      storedSegments,
      waitingSegments: this.#waiting.size,
      uploadedBytes: this.#uploadedBytes,
    }
  }

  get nextFrame(): number | undefined {
    return this.#options.engine.nextFrame
  }

  get nextAudioSample(): number | undefined {
    return this.#options.engine.nextAudioSample
  }

  async writeFrame(frame: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    await this.#options.engine.writeFrame(frame)
  }

  async writeAudio(samples: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    await this.#options.engine.writeAudio(samples)
  }

  endFrames(): void {
    if (this.#state !== 'open') return
    if (this.#options.isPushed) this.#options.engine.endFrames()
    this.#state = 'closing'
    this.#watchdog.tell()
  }

  async close(): Promise<void> {
    this.endFrames()
    if (!this.#options.isPushed) this.#endFilm.abort()
    await this.done
  }

  async abort(reason?: unknown): Promise<void> {
    this.#fail(aborted(reason))
    await this.done.catch(() => {})
  }

  [Symbol.asyncIterator](): AsyncIterator<LadderUpdate> {
    return this.#versions[Symbol.asyncIterator]()
  }

  async #run(): Promise<LadderResult> {
    try {
      for (const { files } of this.#renditions.values()) for (const file of files) this.#queue.adopt(file)
      if (this.#resumed > 0) this.#versions.changed()
      const isComplete = await this.#makeSegments()
      await this.#queue.drain({ signal: this.#stop.signal })
      if (isComplete) this.#checkComplete()
      const result = await this.#publishLast(isComplete)
      this.#versions.push(result)
      tell(this.#options.onPlaylist, result)
      this.#tellProgress(true)
      await this.#end()
      this.#versions.end()
      return result
    } catch (error) {
      const cause = this.#failure ?? toCuemuxError(error, 'ENCODER_FAILED')
      // The encoder's end isn't the uploads': what it made is stored, and playable.
      if (this.#failure === undefined) await waitAtMost(this.#saveRest(), patienceOf(this.#options))
      this.#fail(cause)
      await this.#end()
      const failure = this.#checkpoint === undefined ? cause : resumable(cause)
      this.#versions.end(failure)
      throw failure
    }
  }

  /** @returns false when it was ended before its end */
  async #makeSegments(): Promise<boolean> {
    const signal = AbortSignal.any([this.#stop.signal, this.#endFilm.signal])
    // Each of the engine's processes may listen.
    setMaxListeners(0, signal)
    const isStored = (name: string, n: number): boolean => this.#renditions.get(name)?.has(n) ?? false
    const iterator = this.#options.engine.segments(isStored, signal)[Symbol.asyncIterator]()
    let isDone = false
    try {
      for (;;) {
        const { done, value } = await withSignal(iterator.next(), signal)
        isDone = done === true
        if (done) break
        await this.#queue.room({ signal: this.#stop.signal })
        this.#add(value)
      }
      for (const stored of this.#renditions.values()) stored.madeAll()
      return true
    } catch (error) {
      if (this.#endFilm.signal.aborted && !this.#stop.signal.aborted) return false
      throw error
    } finally {
      // Not waited for: what hangs in `next` hangs in `return` as well.
      if (!isDone) void Promise.resolve(iterator.return?.()).catch(() => {})
    }
  }

  #add(made: LadderSegment): void {
    const stored = this.#renditions.get(made.rendition)
    if (stored === undefined || stored.has(made.number)) return
    const { rendition: name, number, start, duration, keyframeRange, data, init } = made
    this.#watchdog.tell()
    stored.made(number)
    if (init !== undefined && stored.init === undefined)
      this.#upload(`${name}/init.mp4`, [init], { stored, segment: undefined })
    const extension = this.#options.engine.format === 'ts' ? 'ts' : 'm4s'
    this.#upload(`${name}/${number}.${extension}`, data, {
      stored,
      segment: { number, start, duration, keyframeRange },
    })
    this.#tellProgress(false)
  }

  #upload(path: string, data: readonly Uint8Array[], waiting: Waiting): void {
    this.#waiting.set(path, waiting)
    this.#queue.add(path, data, { cacheControl: CACHE_CONTROL }).catch(error => this.#fail(error))
  }

  /** Before a file counts as stored: the checkpoint has it then. */
  async #onStored(file: StoredFile): Promise<void> {
    this.#uploadedBytes += file.sizeBytes
    this.#watchdog.tell()
    const waiting = this.#waiting.get(file.path)
    if (waiting === undefined) return
    const { stored } = waiting
    const segment = waiting.segment === undefined ? undefined : { ...waiting.segment, file }
    await this.#checkpoint?.record(recordOf(stored.rendition, file, segment))
    if (segment === undefined) stored.addInit(file)
    else stored.add(segment)
    this.#waiting.delete(file.path)
    this.#versions.changed()
    this.#tellProgress(false)
  }

  async #publishLast(isComplete: boolean): Promise<LadderResult> {
    const limit = isComplete ? Number.POSITIVE_INFINITY : this.#commonEnd()
    const last = await this.#versions.publishLast(limit)
    const segments = [...this.#renditions.values()].flatMap(({ run }) => run.filter(({ number }) => number < limit))
    return {
      ...last,
      segments: segments.length,
      resumed: this.#resumed,
      sizeBytes: segments.reduce((sum, { file }) => sum + file.sizeBytes, 0),
      isComplete,
    }
  }

  /** The number before which all renditions that have begun have their segments. */
  #commonEnd(): number {
    const ends = [...this.#renditions.values()].flatMap(({ run }) => {
      const last = run.at(-1)
      return last === undefined ? [] : [last.number + 1]
    })
    return Math.min(Number.POSITIVE_INFINITY, ...ends)
  }

  /** A picture has no holes, and all pictures are cut alike: what isn't so is no result. */
  #checkComplete(): void {
    const video = [...this.#renditions.values()].filter(({ rendition }) => rendition.kind === 'video')
    const expected = Math.max(0, ...video.map(({ count }) => count))
    const { firstPicture = 0 } = this.#options.engine
    for (const { rendition, run } of video) {
      if (run.length === expected && (run.at(-1)?.number ?? -1) === firstPicture + expected - 1) continue
      throw new CuemuxError(
        'ENCODER_FAILED',
        `The encoder ended with ${run.length} of ${expected} segments of ${rendition.name}.`,
      )
    }
  }

  /** After the encoder's failure: stores what it made, and names it. */
  async #saveRest(): Promise<void> {
    await this.#queue.drain()
    await this.#versions.publishRest()
  }

  #hasStalled(): boolean {
    const { encodedUs } = this.#options.engine.progress
    const isMoving = encodedUs !== this.#seenUs
    this.#seenUs = encodedUs
    return !isMoving && (this.#waiting.size > 0 || this.#state === 'closing')
  }

  #fail(error: unknown): void {
    if (this.#state === 'settled' || this.#failure !== undefined) return
    this.#failure = toCuemuxError(error, 'OUTPUT_FAILED')
    this.#stop.abort(this.#failure)
  }

  /** Lets go of everything; what hangs isn't waited for. */
  async #end(): Promise<void> {
    this.#watchdog.stop()
    const isFailed = this.#failure !== undefined
    await waitAtMost(
      Promise.all([
        this.#options.engine.close(),
        isFailed ? this.#queue.abort() : undefined,
        this.#checkpoint?.close(),
      ]),
      this.#endMs,
    )
    this.#state = 'settled'
    this.#stop.abort()
  }

  #tellProgress(isLast: boolean): void {
    const { onProgress } = this.#options
    if (onProgress === undefined) return
    const now = performance.now()
    if (!isLast && now - this.#toldProgressAt < PROGRESS_INTERVAL_MS) return
    this.#toldProgressAt = now
    tell(onProgress, this.progress)
  }
}

function patienceOf({ patienceMs }: JobOptions): number {
  return patienceMs ?? DEFAULT_PATIENCE_MS
}

function aborted(reason: unknown): CuemuxError {
  return new CuemuxError('ABORTED', 'The ladder was aborted.', { cause: reason })
}

function stalled(patienceMs: number): CuemuxError {
  return new CuemuxError('OUTPUT_FAILED', `Nothing was encoded or stored for ${Math.round(patienceMs / 1000)} s.`, {
    hint: 'See that the encoder and the store work, then run the job again.',
  })
}

/** The error, with the way on. */
function resumable(error: CuemuxError): CuemuxError {
  const way = 'What is stored so far is kept: the job can be resumed.'
  if (error.hint?.includes(way) || error.code === 'ABORTED') return error
  const hint = error.hint === undefined ? way : `${error.hint} ${way}`
  const at = error.at === undefined ? {} : { at: error.at }
  return new CuemuxError(error.code, error.message, { cause: error.cause ?? error, hint, ...at })
}
