import { CuemuxError, toCuemuxError } from '@cuemux/core'
import type { FfmpegProcess, LiveFacts, LiveInput, LiveOutput } from '@cuemux/ffmpeg'
import { checkCors } from '../service/cors.js'
import { checkLiveInput } from './check-input.js'
import type { RunHost } from './live-run.js'
import type { InputTools } from './open-input.js'
import type { LiveEvent, LiveState, LiveStats, LiveStreamOptions } from './options.js'
import { parseLiveInput } from './parse-input.js'
import { planOutput } from './plan-output.js'
import { Publisher } from './publisher.js'
import { LiveResponder } from './responder.js'
import type { LivePiece } from './segmenter.js'
import { FolderStorage, type LiveStorage, MemoryStorage } from './storage.js'
import type { LiveTracks } from './tracks.js'
import { LiveWindow, type WindowSegment } from './window.js'

/** A live input that plays as HLS. */
export interface LiveStream {
  /** Resolves with the first segment; rejects with what keeps the stream from ever having one. */
  readonly ready: Promise<void>
  readonly state: LiveState
  readonly stats: LiveStats
  /** Resolves when the stream has come to an end, whichever; never rejects. */
  readonly done: Promise<void>
  /** Why it has failed. */
  readonly error: CuemuxError | undefined
  /**
   * Answers a request for `master.m3u8`, `playlist.m3u8`, or what they name.
   *
   * @param path below the stream's own address
   */
  handle(request: Request, path: string): Promise<Response>
  /** Ends it; always resolves, within 6 s. */
  close(): Promise<void>
}

const DEFAULT_WINDOW_MS = 60_000
const DEFAULT_EVENT_MS = 6 * 3_600_000
const DEFAULT_MAX_BYTES = 512 << 20
const DEFAULT_SEGMENT_MS = 4000
const LOW_LATENCY_SEGMENT_MS = 2000
const DEFAULT_PART_MS = 400
const DEFAULT_TIMEOUT_MS = { stall: 10_000, start: 15_000 }
const RECONNECT = { initialMs: 500, maxMs: 15_000, maxAttempts: 20, maxFirstAttempts: 3, resetAfterMs: 10_000 }
/** So that no decode time lies before 0, however pictures are reordered, µs. */
const START_US = 1_000_000
/** Errors that another attempt can't change. */
const FINAL: ReadonlySet<CuemuxError['code']> = new Set([
  'BAD_REQUEST',
  'ENCODER_MISSING',
  'OUTPUT_FAILED',
  'ENCRYPTED',
])

/** See {@link createLiveStream}; the options are checked. */
export class HlsLiveStream implements LiveStream, RunHost {
  readonly ready: Promise<void>
  readonly done: Promise<void>
  readonly input: LiveInput
  readonly policy: LiveStreamOptions['addressPolicy']
  readonly segmentUs: number
  readonly partUs: number | undefined
  readonly stallTimeoutMs: number
  readonly startTimeoutMs: number
  readonly #options: LiveStreamOptions
  readonly #abort = new AbortController()
  readonly #storage: LiveStorage
  readonly #window: LiveWindow
  readonly #publisher: Publisher
  readonly #responder: LiveResponder
  readonly #settleReady: { readonly resolve: () => void; readonly reject: (error: CuemuxError) => void }
  #state: LiveState = 'starting'
  #error: CuemuxError | undefined
  #facts: LiveFacts | undefined
  #output: LiveOutput | undefined
  #process: FfmpegProcess | undefined
  #nextUs = START_US
  #restarts = 0
  #segments = 0
  #byteLength = 0
  #attempts = 0
  #runStartMs = 0
  #runFromUs = START_US
  #madeUs = START_US

  constructor(options: LiveStreamOptions) {
    this.#options = options
    const { input, cors = {}, lowLatency, window = { kind: 'sliding' }, signal } = options
    if (cors !== false) checkCors(cors)
    this.policy = options.addressPolicy
    this.input = checkLiveInput(typeof input === 'string' ? parseLiveInput(input) : input, this.policy)
    const isLowLatency = lowLatency !== undefined && lowLatency !== false
    this.segmentUs = 1000 * (options.segmentDurationMs ?? (isLowLatency ? LOW_LATENCY_SEGMENT_MS : DEFAULT_SEGMENT_MS))
    const partMs = typeof lowLatency === 'object' ? lowLatency.partDurationMs : DEFAULT_PART_MS
    this.partUs = isLowLatency ? Math.min(partMs * 1000, this.segmentUs) : undefined
    this.stallTimeoutMs = options.stallTimeoutMs ?? DEFAULT_TIMEOUT_MS.stall
    this.startTimeoutMs = options.startTimeoutMs ?? DEFAULT_TIMEOUT_MS.start
    this.#storage = options.folder === undefined ? new MemoryStorage() : new FolderStorage(options.folder)
    const windowMs = window.kind === 'sliding' ? (window.durationMs ?? DEFAULT_WINDOW_MS) : Number.POSITIVE_INFINITY
    const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
    this.#window = new LiveWindow({ kind: window.kind, windowUs: windowMs * 1000, maxBytes, partUs: this.partUs })
    this.#publisher = new Publisher({
      window: this.#window,
      storage: this.#storage,
      token: newToken(),
      segmentUs: this.segmentUs,
      isEncoded: () => this.#output?.video?.mode !== 'copy',
      isLowLatency,
      now: Date.now,
      onSegment: segment => this.#onSegment(segment),
      onFailure: error => this.#fail(error),
    })
    let resolve = (): void => {}
    let reject = (_: CuemuxError): void => {}
    this.ready = new Promise((onReady, onFailure) => {
      resolve = onReady
      reject = onFailure
    })
    // Who doesn't ask isn't told.
    this.ready.catch(() => {})
    this.#settleReady = { resolve, reject }
    const { ready } = this
    this.#responder = new LiveResponder({
      ...{ window: this.#window, publisher: this.#publisher, storage: this.#storage, isLowLatency, cors },
      ready: () => ready,
    })
    const onAbort = (): void => this.#abort.abort()
    signal?.addEventListener('abort', onAbort, { once: true })
    if (signal?.aborted) onAbort()
    this.done = this.#live().finally(() => signal?.removeEventListener('abort', onAbort))
  }

  get state(): LiveState {
    return this.#state
  }

  get error(): CuemuxError | undefined {
    return this.#error
  }

  get stats(): LiveStats {
    const madeMs = (this.#madeUs - this.#runFromUs) / 1000
    const { endDateMs } = this.#publisher
    return {
      speed: madeMs > 0 ? madeMs / Math.max(1, performance.now() - this.#runStartMs) : undefined,
      restarts: this.#restarts,
      segments: this.#segments,
      byteLength: this.#byteLength,
      keptBytes: this.#window.byteLength,
      behindMs: endDateMs === 0 ? undefined : Math.max(0, Date.now() - endDateMs),
      pid: this.#process?.hasEnded === false ? this.#process.pid : undefined,
    }
  }

  handle(request: Request, path: string): Promise<Response> {
    return this.#responder.handle(request, path)
  }

  async close(): Promise<void> {
    this.#abort.abort()
    await this.done
  }

  async #live(): Promise<void> {
    try {
      await this.#storage.open()
      const tools = await this.#tools()
      await this.#runs(tools)
      this.#become('ended')
    } catch (cause) {
      const error = this.#error ?? toCuemuxError(cause, 'ENCODER_FAILED')
      if (this.#error === undefined && this.#abort.signal.aborted) this.#become('closed')
      else {
        this.#error = error
        this.#become('failed')
        this.#tell({ type: 'error', error })
      }
    }
    await this.#publisher.end()
    this.#settleReady.reject(
      this.#error ?? new CuemuxError('ABORTED', 'The live stream ended before it had a segment.'),
    )
    const { folder, keepFiles = true } = this.#options
    if (folder === undefined ? this.#state === 'closed' : !keepFiles) await this.#storage.clear()
  }

  async #tools(): Promise<InputTools> {
    const { ffmpeg, maxProcesses } = this.#options
    const [module, { registryFor }] = await Promise.all([
      import('@cuemux/ffmpeg'),
      import('../encoding/ffmpeg-encoder.js'),
    ])
    const found = await module.locateFfmpeg(ffmpeg === undefined ? {} : { ffmpeg })
    const registry = registryFor({ ffmpegPath: found.ffmpeg, maxProcesses })
    return { module, registry, loopback: new module.LoopbackServer() }
  }

  /** One run after the other, until the input has ended or no attempt is left. */
  async #runs(tools: InputTools): Promise<void> {
    // Loaded when there is something to be played: it needs packages that opening a film may never need.
    const { backOff, LiveRun } = await import('./live-run.js')
    const { signal } = this.#abort
    const limits = { ...RECONNECT, ...this.#options.reconnect }
    for (;;) {
      const madeUs = this.#madeUs
      try {
        await new LiveRun(this, tools, signal).run()
        return
      } catch (cause) {
        const error = toCuemuxError(cause, 'ENCODER_FAILED')
        if (signal.aborted || FINAL.has(error.code)) throw this.#error ?? error
        if (this.#madeUs - madeUs >= limits.resetAfterMs * 1000) this.#attempts = 0
        // What it carries may have changed.
        if (this.#madeUs === madeUs) this.#facts = undefined
        const maxAttempts = this.#segments === 0 ? limits.maxFirstAttempts : limits.maxAttempts
        if (++this.#attempts > maxAttempts) throw error
        if (this.#segments > 0) this.#become('reconnecting')
        const attempt = this.#attempts
        await backOff(attempt, limits, signal, delayMs => this.#tell({ type: 'reconnect', attempt, delayMs, error }))
        this.#restarts++
      }
    }
  }

  get needsFacts(): boolean {
    const { kind } = this.input
    // A device is opened once, a test picture is known, a film may begin with no keyframe: they are encoded in any case.
    return kind !== 'device' && kind !== 'lavfi' && kind !== 'file' && this.#facts === undefined
  }

  output(facts: LiveFacts | undefined): LiveOutput {
    this.#facts = facts ?? this.#facts
    const plan = planOutput(this.#options, this.#facts, this.segmentUs / 1000)
    this.#output = plan.output
    this.#tell({ type: 'plan', video: plan.video, audio: plan.audio })
    return plan.output
  }

  get nextUs(): number {
    return this.#nextUs
  }

  /** EXTINF rounds to no more than EXT-X-TARGETDURATION. */
  get limitUs(): number | undefined {
    const { targetDuration } = this.#window
    return targetDuration === undefined ? undefined : targetDuration * 1_000_000 + 499_000
  }

  onStart(process: FfmpegProcess): void {
    this.#process = process
    this.#runStartMs = performance.now()
    this.#runFromUs = this.#madeUs
  }

  onTracks(tracks: LiveTracks): void {
    this.#publisher.begin(tracks)
  }

  onPiece(piece: LivePiece): void {
    this.#madeUs = piece.startUs + piece.durationUs
    this.#publisher.take(piece)
    if (this.#state === 'reconnecting' && !this.#abort.signal.aborted) this.#become('running')
  }

  onEnd(endUs: number): void {
    this.#nextUs = Math.max(this.#nextUs, endUs)
  }

  room(): Promise<void> | undefined {
    return this.#publisher.room()
  }

  #onSegment({ number, durationUs, byteLength, isDiscontinuity }: WindowSegment): void {
    this.#segments++
    this.#byteLength += byteLength
    this.#settleReady.resolve()
    if (this.#state === 'starting' && !this.#abort.signal.aborted) this.#become('running')
    this.#tell({ type: 'segment', number, durationMs: durationUs / 1000, byteLength, isDiscontinuity })
    const { window } = this.#options
    const maxMs = window?.kind === 'event' ? (window.maxDurationMs ?? DEFAULT_EVENT_MS) : Number.POSITIVE_INFINITY
    const { maxBytes = DEFAULT_MAX_BYTES } = this.#options
    const isFull = window?.kind === 'event' && (this.#window.durationUs / 1000 >= maxMs || this.#byteLength >= maxBytes)
    // Nothing may be taken out of an EVENT playlist: it ends where it is full.
    if (isFull) this.#fail(new CuemuxError('LIMIT_EXCEEDED', 'The recording has reached its greatest length.'))
  }

  #fail(error: CuemuxError): void {
    this.#error ??= error
    this.#abort.abort()
  }

  #become(state: LiveState): void {
    if (this.#state === state) return
    this.#state = state
    this.#tell({ type: 'state', state })
  }

  #tell(event: LiveEvent): void {
    try {
      this.#options.onEvent?.(event)
    } catch {
      // A listener that fails is no reason to fail a viewer.
    }
  }
}

/** Six characters of the time and three of chance: streams in one folder, one after the other, share no name. */
function newToken(): string {
  const time = Math.floor(Date.now() / 1000).toString(36)
  const chance = Math.floor(Math.random() * 36 ** 3).toString(36)
  return `${time.slice(-6)}${chance.padStart(3, '0')}`
}
