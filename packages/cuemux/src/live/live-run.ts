import { setTimeout as delay } from 'node:timers/promises'
import { CuemuxError, toCuemuxError } from '@cuemux/core'
import type { FfmpegProcess, LiveFacts, LiveInput, LiveOutput, StreamFrame } from '@cuemux/ffmpeg'
import type { AddressPolicy } from '@cuemux/source'
import { type InputTools, type OpenInput, openInput } from './open-input.js'
import { type LivePiece, LiveSegmenter } from './segmenter.js'
import { changedTracks, type LiveTracks, liveTracks } from './tracks.js'

/** What a run takes from its stream, and tells it. */
export interface RunHost {
  readonly input: LiveInput
  readonly policy: AddressPolicy | undefined
  readonly segmentUs: number
  readonly partUs: number | undefined
  readonly stallTimeoutMs: number
  readonly startTimeoutMs: number
  /** Longest segment so far, where that is decided, µs. */
  readonly limitUs: number | undefined
  /** What becomes of the input; it is asked about first where `needsFacts`. */
  readonly needsFacts: boolean
  output(facts: LiveFacts | undefined): LiveOutput
  /** Where the timeline goes on, µs. */
  readonly nextUs: number
  onStart(process: FfmpegProcess): void
  /** A new timeline or description begins. */
  onTracks(tracks: LiveTracks): void
  onPiece(piece: LivePiece): void
  /** The timeline has come to its end here, µs. */
  onEnd(endUs: number): void
  /** Resolves when there is room for more; `undefined` where there is. */
  room(): Promise<void> | undefined
}

/** What has failed isn't waited for long: viewers wait for its successor. */
const FAILED_END_MS = [500, 500] as const

/** Input and process of a live stream, until one of them ends. */
export class LiveRun {
  readonly #host: RunHost
  readonly #tools: InputTools
  readonly #signal: AbortSignal
  #process: FfmpegProcess | undefined
  #segmenter: LiveSegmenter | undefined
  #tracks: LiveTracks | undefined
  #error: CuemuxError | undefined
  #stall: NodeJS.Timeout | undefined
  #stallMs = 0
  #hasFrames = false

  constructor(host: RunHost, tools: InputTools, signal: AbortSignal) {
    this.#host = host
    this.#tools = tools
    this.#signal = signal
  }

  /**
   * Runs to the end. Resolves with `ended` where the input came to its own end.
   *
   * @throws CuemuxError why it broke off
   */
  async run(): Promise<'ended'> {
    const { input, policy } = this.#host
    const opened = await openInput(input, this.#tools, policy, this.#signal)
    try {
      const facts = await this.#facts(opened).catch(error => {
        throw opened.sourceError ?? error
      })
      const output = this.#host.output(facts)
      const status = await this.#play(opened, output)
      if (this.#error !== undefined) throw this.#error
      if (this.#signal.aborted) throw new CuemuxError('ABORTED', 'The live stream is closed.')
      if (opened.hasEnded(status) && this.#hasFrames) return 'ended'
      throw this.#lost(opened, status)
    } finally {
      await opened.close()
    }
  }

  /** Asks each input what it carries; the second one is the sound's. */
  async #facts({ inputs }: OpenInput): Promise<LiveFacts | undefined> {
    const { needsFacts, startTimeoutMs } = this.#host
    const [first, second] = inputs
    if (!needsFacts || first === undefined) return undefined
    const { probeLive } = this.#tools.module
    const options = { signal: this.#signal, timeoutMs: startTimeoutMs }
    const facts = await probeLive(this.#tools.registry, first, options)
    if (second === undefined) return facts
    return { video: facts.video, audio: (await probeLive(this.#tools.registry, second, options)).audio }
  }

  async #play(opened: OpenInput, output: LiveOutput): Promise<number | undefined> {
    const { inputs } = opened
    const { registry, module } = this.#tools
    const args = [
      ...['-hide_banner', '-loglevel', 'warning', '-nostats', ...inputs.flat()],
      ...module.liveOutputArguments({ ...output, hasOwnSound: inputs.length > 1 }),
    ]
    const process = await this.#start(registry, args)
    this.#process = process
    this.#host.onStart(process)
    const stream = new module.FlvStream({
      onTracks: tracks => this.#begin(liveTracks(tracks)),
      onFrame: frame => this.#take(frame),
    })
    this.#watch()
    process.stdout.on('data', (piece: Uint8Array) => {
      if (this.#error !== undefined) return
      try {
        stream.push(piece)
        this.#keepRoom(process)
      } catch (error) {
        this.#fail(toCuemuxError(error, 'ENCODER_FAILED'))
      }
    })
    const { status } = await process.exit
    clearTimeout(this.#stall)
    this.#finish(output.video?.mode === 'copy' && !opened.hasEnded(status))
    return status
  }

  /** Waits for a place no longer than for an input: who only keeps one ready gives way. */
  async #start(registry: InputTools['registry'], args: readonly string[]): Promise<FfmpegProcess> {
    const ending = new AbortController()
    const end = (): void => ending.abort()
    const timer = setTimeout(end, this.#host.startTimeoutMs)
    this.#signal.addEventListener('abort', end, { once: true })
    if (this.#signal.aborted) end()
    try {
      const process = await registry.start({ args, stdin: 'keys', signal: ending.signal })
      void process.exit.then(() => this.#signal.removeEventListener('abort', end))
      return process
    } catch (error) {
      this.#signal.removeEventListener('abort', end)
      if (this.#signal.aborted || !ending.signal.aborted) throw error
      throw new CuemuxError('CAPACITY', 'No ffmpeg process was free for the live input.', { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  #begin(tracks: LiveTracks): void {
    const { segmentUs, partUs, nextUs, limitUs } = this.#host
    this.#tracks = tracks
    this.#host.onTracks(tracks)
    this.#segmenter = new LiveSegmenter({
      ...{ tracks, segmentUs, partUs, startUs: nextUs },
      onPiece: piece => this.#host.onPiece(piece),
    })
    if (limitUs !== undefined) this.#segmenter.limitUs = limitUs
  }

  #take(frame: StreamFrame): void {
    const { limitUs } = this.#host
    const changed = this.#tracks === undefined ? undefined : changedTracks(this.#tracks, frame)
    if (changed !== undefined) {
      this.#finish()
      this.#begin(changed)
    }
    if (this.#segmenter !== undefined && limitUs !== undefined) this.#segmenter.limitUs = limitUs
    this.#hasFrames = true
    this.#watch()
    if (this.#segmenter?.push(frame) !== true || this.#tracks === undefined) return
    // The source's clock has jumped: a new timeline, with the frame as its first.
    this.#finish()
    this.#begin(this.#tracks)
    this.#segmenter?.push(frame)
  }

  #finish(isCut = false): void {
    const segmenter = this.#segmenter
    this.#segmenter = undefined
    if (segmenter === undefined) return
    try {
      this.#host.onEnd(segmenter.finish(isCut))
    } catch (error) {
      this.#error ??= toCuemuxError(error, 'CORRUPT_MEDIA')
    }
  }

  /** Somebody who writes more slowly than the input comes makes it wait, not the memory grow. */
  #keepRoom(process: FfmpegProcess): void {
    const room = this.#host.room()
    if (room === undefined) return
    process.stdout.pause()
    clearTimeout(this.#stall)
    this.#stall = undefined
    void room.then(() => {
      if (process.hasEnded) return
      this.#watch()
      process.stdout.resume()
    })
  }

  /** The input must bring something within a time, a longer one for its first picture. */
  #watch(): void {
    const { stallTimeoutMs, startTimeoutMs } = this.#host
    const limitMs = this.#hasFrames ? stallTimeoutMs : startTimeoutMs
    if (this.#stall !== undefined && limitMs === this.#stallMs) {
      this.#stall.refresh()
      return
    }
    clearTimeout(this.#stall)
    this.#stallMs = limitMs
    const late = (): void => this.#fail(new CuemuxError('SOURCE_UNREACHABLE', `Nothing came for ${limitMs} ms.`))
    this.#stall = setTimeout(late, limitMs)
  }

  #fail(error: CuemuxError): void {
    this.#error ??= error
    void this.#process?.end(FAILED_END_MS)
  }

  #lost({ sourceError }: OpenInput, status: number | undefined): CuemuxError {
    if (sourceError !== undefined) return sourceError
    const process = this.#process
    if (status === 0 || process === undefined) {
      return new CuemuxError('SOURCE_UNREACHABLE', 'The live input has broken off.')
    }
    const error = process.failure('The live input could not be read')
    const { kind } = process.reason
    return kind === 'input' && !this.#hasFrames ? new CuemuxError('SOURCE_UNREACHABLE', error.message) : error
  }
}

/** Waits before the next attempt: doubled each time, up to half of it left off by chance, so that many don't come at once. */
export async function backOff(
  attempt: number,
  limits: { readonly initialMs: number; readonly maxMs: number },
  signal: AbortSignal,
  onDelay: (delayMs: number) => void,
): Promise<void> {
  const wholeMs = Math.min(limits.maxMs, limits.initialMs * 2 ** Math.min(attempt - 1, 20))
  const delayMs = Math.round(wholeMs * (1 - Math.random() / 2))
  onDelay(delayMs)
  await delay(delayMs, undefined, { signal })
}
