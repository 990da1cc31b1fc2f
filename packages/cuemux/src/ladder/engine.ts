import { CuemuxError } from '@cuemux/core'
import type { JsonValue } from '@cuemux/store'
import type { AudioLadder } from './audio-ladder.js'
import { EngineRun } from './engine-run.js'
import type { FrameFeed } from './frame-feed.js'
import type { LadderGrid } from './ladder-grid.js'
import type { LadderEngine, LadderFormat, LadderProgress, LadderRendition, LadderSegment } from './model.js'
import type { PcmInput } from './pcm-input.js'
import type { VideoLadder } from './video-ladder.js'

/** What an engine is made of. */
export interface EngineParts {
  readonly grid: LadderGrid
  readonly format: LadderFormat
  readonly chunkSegments: number
  readonly parallelChunks: number
  readonly video: VideoLadder | undefined
  readonly audio: readonly AudioLadder[]
  /** Of pushed frames. */
  readonly feed: FrameFeed | undefined
  readonly pcm: PcmInput | undefined
  readonly settings: Readonly<Record<string, JsonValue>>
  readonly source: Readonly<Record<string, JsonValue>>
  /** The film's length, µs. */
  readonly durationUs: number | undefined
  readonly close: () => Promise<void>
}

const US = 1_000_000

/** An engine over a film or over pushed frames. */
export class FilmLadderEngine implements LadderEngine {
  readonly renditions: readonly LadderRendition[]
  readonly format: LadderFormat
  readonly targetDurationMs: number
  readonly segmentCount: number | undefined
  readonly firstPicture: number
  readonly settings: Readonly<Record<string, JsonValue>>
  readonly source: Readonly<Record<string, JsonValue>>
  readonly #parts: EngineParts
  #run: EngineRun | undefined
  #startedMs = 0
  #firstPosition: number | undefined
  #closed: Promise<void> | undefined

  constructor(parts: EngineParts) {
    this.#parts = parts
    const { grid, video, audio, feed, durationUs } = parts
    this.renditions = [
      ...(video?.options.renditions.map(({ rendition }) => rendition) ?? []),
      ...audio.map(({ rendition }) => rendition),
    ]
    const segmentMs = (grid.segmentTicks * 1000) / grid.timescale
    const isOne = feed === undefined && durationUs !== undefined && grid.times.length === 1
    this.targetDurationMs = isOne ? Math.min(segmentMs, durationUs / 1000) : segmentMs
    this.segmentCount = feed === undefined ? grid.times.length : undefined
    this.firstPicture = grid.firstPicture
    this.format = parts.format
    this.settings = parts.settings
    this.source = parts.source
  }

  get progress(): LadderProgress {
    const { durationUs, feed } = this.#parts
    const position = this.#run?.position ?? 0
    const encodedUs = Math.min(this.#us(position), durationUs ?? Math.round((feed?.picturesS ?? 0) * US))
    const wallMs = performance.now() - this.#startedMs
    const ownUs = encodedUs - this.#us(this.#firstPosition ?? position)
    return { encodedUs, durationUs, speed: ownUs <= 0 || wallMs <= 0 ? 0 : ownUs / 1000 / wallMs }
  }

  get nextFrame(): number | undefined {
    return this.#run === undefined ? undefined : this.#parts.feed?.firstFrame
  }

  get nextAudioSample(): number | undefined {
    return this.#run === undefined || this.#parts.pcm === undefined ? undefined : this.#parts.feed?.firstSample()
  }

  segments(isStored: (rendition: string, n: number) => boolean, signal?: AbortSignal): AsyncIterable<LadderSegment> {
    if (this.#run !== undefined || this.#closed !== undefined) {
      throw new CuemuxError('BAD_REQUEST', 'The segments of an engine can be taken once.')
    }
    const { feed } = this.#parts
    const run = new EngineRun({ ...this.#parts, isStored })
    this.#run = run
    feed?.startAt(run.firstMissingChunk())
    this.#startedMs = performance.now()
    run.start()
    this.#firstPosition = run.position
    return this.#take(run, signal)
  }

  async writeFrame(frame: Uint8Array): Promise<void> {
    await this.#pushed().input.write(frame)
  }

  endFrames(): void {
    this.#parts.pcm?.end()
    this.#pushed().input.end()
  }

  async writeAudio(samples: Uint8Array): Promise<void> {
    const { pcm } = this.#parts
    if (pcm === undefined) throw new CuemuxError('BAD_REQUEST', 'The engine was opened without pushed sound.')
    pcm.write(samples, this.#pushed().picturesS)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const aborted = new CuemuxError('ABORTED', 'The ladder is closed.')
    this.#parts.feed?.input.fail(aborted)
    const ends = [this.#run?.close(), ...this.#parts.audio.map(ladder => ladder.close()), this.#parts.close()]
    await Promise.allSettled(ends)
  }

  async *#take(run: EngineRun, signal: AbortSignal | undefined): AsyncGenerator<LadderSegment> {
    const onAbort = (): void => void run.close()
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
    try {
      for (let segment = await run.queue.next(); segment !== undefined; segment = await run.queue.next()) {
        if (signal?.aborted) throw new CuemuxError('ABORTED', 'The operation was aborted.')
        this.#firstPosition ??= run.position
        yield segment
      }
    } finally {
      signal?.removeEventListener('abort', onAbort)
      await run.close()
    }
  }

  #pushed(): FrameFeed {
    const { feed } = this.#parts
    if (feed === undefined) throw new CuemuxError('BAD_REQUEST', 'The engine reads a film: frames can not be pushed.')
    return feed
  }

  #us(position: number): number {
    const { segmentTicks, timescale } = this.#parts.grid
    return Math.round((position * segmentTicks * US) / timescale)
  }
}
