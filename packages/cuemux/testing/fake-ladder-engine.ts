import { CuemuxError } from '@cuemux/core'
import type { LadderEngine, LadderFormat, LadderRendition, LadderSegment } from '../src/ladder/model.js'

/** Two rungs of 23.976 frames per second and a sound. */
export const RENDITIONS: readonly LadderRendition[] = [
  picture('video-720', 1280, 720, 2_500_000),
  picture('video-360', 640, 360, 800_000),
  {
    name: 'audio-stereo',
    kind: 'audio',
    timescale: 48_000,
    codec: 'mp4a.40.2',
    bitrateBps: 128_000,
    maxBitrateBps: 160_000,
    channels: 2,
    sampleRate: 48_000,
    language: 'en',
  },
]

function picture(name: string, width: number, height: number, bitrateBps: number): LadderRendition {
  return {
    name,
    kind: 'video',
    timescale: 24_000,
    codec: 'avc1.640028',
    bitrateBps,
    maxBitrateBps: bitrateBps * 1.5,
    width,
    height,
    frameRate: [24_000, 1001],
  }
}

/** How a {@link FakeEngine} works. */
export interface FakeOptions {
  /** How many segments each rendition has. */
  readonly count: number
  readonly renditions?: readonly LadderRendition[]
  /** Numbers that a rendition doesn't have. */
  readonly holes?: Readonly<Record<string, readonly number[]>>
  /** Is waited for before each segment. */
  readonly before?: (rendition: string, n: number) => Promise<void> | void
  /** Changes the job. */
  readonly settings?: Readonly<Record<string, string>>
  /** Ends with the pushed frames, and not by itself: each makes a segment. */
  readonly isPushed?: boolean
  readonly format?: LadderFormat
}

/** Makes bytes that follow from rendition and number, as an encoder whose output doesn't vary. */
export class FakeEngine implements LadderEngine {
  readonly renditions: readonly LadderRendition[]
  readonly targetDurationMs = 4004
  readonly format: LadderFormat
  readonly segmentCount: number | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly source = { name: 'film.mkv', sizeBytes: 1000 }
  nextFrame: number | undefined
  readonly nextAudioSample = undefined
  /** What was made, as `rendition/n`. */
  readonly made: string[] = []
  isClosed = false
  readonly #options: FakeOptions
  #pushed = 0
  #hasEnded = false
  #wake: () => void = () => {}

  constructor(options: FakeOptions) {
    this.#options = options
    this.renditions = options.renditions ?? RENDITIONS
    this.format = options.format ?? 'fmp4'
    this.segmentCount = options.isPushed ? undefined : options.count
    this.settings = { rungs: 'fake', ...options.settings }
  }

  get progress(): LadderEngine['progress'] {
    return { encodedUs: this.made.length * 1_000_000, durationUs: this.#options.count * 4_004_000, speed: 2 }
  }

  async *segments(
    isStored: (rendition: string, n: number) => boolean,
    signal?: AbortSignal,
  ): AsyncGenerator<LadderSegment> {
    this.nextFrame = 0
    const withInit = new Set<string>()
    for (let n = 0; n < this.#options.count; n++) {
      while (this.#options.isPushed && this.#pushed <= n && !this.#hasEnded) await this.#pushedMore()
      if (this.#options.isPushed && this.#pushed <= n) return
      for (const rendition of this.renditions) {
        if (isStored(rendition.name, n) || this.#options.holes?.[rendition.name]?.includes(n)) continue
        await this.#options.before?.(rendition.name, n)
        if (signal?.aborted) throw new CuemuxError('ABORTED', 'The engine was aborted.')
        this.made.push(`${rendition.name}/${n}`)
        const hasInit = withInit.has(rendition.name) || this.format === 'ts'
        yield { ...segmentOf(rendition, n), ...(hasInit ? {} : { init: initOf(rendition) }) }
        withInit.add(rendition.name)
      }
    }
  }

  async writeFrame(): Promise<void> {
    this.#pushed++
    this.#wake()
  }

  async writeAudio(): Promise<void> {}

  endFrames(): void {
    this.#hasEnded = true
    this.#wake()
  }

  async close(): Promise<void> {
    this.isClosed = true
  }

  #pushedMore(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }
}

/** The init segment of a rendition: its name. */
export function initOf({ name }: LadderRendition): Uint8Array {
  return new TextEncoder().encode(name)
}

/** A segment whose content follows from its rendition and number: longer and shorter ones. */
export function segmentOf(rendition: LadderRendition, number: number): LadderSegment {
  const isVideo = rendition.kind === 'video'
  // A segment of sound ends with the frame that the picture's end falls into.
  const frame = isVideo ? 1001 : 1024
  const at = (n: number): number => Math.ceil((n * 4.004 * rendition.timescale) / frame) * frame
  const sizeBytes = Math.round((rendition.bitrateBps / 8) * 0.004 * (3 + (number % 3)))
  const data = Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 31 + number * 7 + rendition.name.length) & 0xff)
  return {
    rendition: rendition.name,
    number,
    start: at(number),
    duration: at(number + 1) - at(number),
    data: [data.subarray(0, 100), data.subarray(100)],
    ...(isVideo ? { keyframeRange: { offset: 0, length: 300 + number } } : {}),
  }
}
