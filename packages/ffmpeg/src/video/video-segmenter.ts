import {
  CuemuxError,
  concatBytes,
  createSampleBatch,
  deriveDecodeTimes,
  SAMPLE_SYNC,
  type SampleBatch,
} from '@cuemux/core'
import type { StreamFrame } from './matroska-stream.js'
import type { VideoGrid } from './video-grid.js'

/** What a {@link VideoSegmenter} is made of. */
export interface SegmenterOptions {
  readonly grid: VideoGrid
  /** Number of the track in the batches. */
  readonly trackId: number
  /** The segment that the first frame belongs to. */
  readonly segment: number
  /** The segment before which it stops; all that comes where absent. */
  readonly end?: number | undefined
  /** Whether the first frame has to lie where its segment is planned to start. Default true. */
  readonly checksStart?: boolean | undefined
  /** Told of each segment that has frames, in order. */
  readonly onSegment: (n: number, batch: SampleBatch) => void
}

interface Frame {
  readonly time: number
  readonly isKey: boolean
  readonly data: Uint8Array
}

/** How far before the first frame ffmpeg looks for it, s, from attempt to attempt; then from the beginning. */
export const SEEK_MARGINS_S: readonly number[] = [0.5, 10, Number.POSITIVE_INFINITY]

/** Cuts the frames of one encoder into the planned segments. */
export class VideoSegmenter {
  readonly #options: SegmenterOptions
  /** The frames of the current segment that have come, in decode order. */
  #frames: Frame[] = []
  #current: number
  #isComplete = false
  /** What is put before each keyframe, if anything. */
  parameterSets: Uint8Array | undefined

  constructor(options: SegmenterOptions) {
    this.#options = options
    this.#current = options.segment
  }

  /** The segment that the coming frames belong to. */
  get current(): number {
    return this.#current
  }

  /** Whether it has all frames of its segments: those that still come are nobody's. */
  get isComplete(): boolean {
    return this.#isComplete
  }

  /**
   * Takes the next frame in decode order.
   *
   * @throws CuemuxError `ENCODER_FAILED` where a segment doesn't start with a keyframe, or a frame lies before its own
   */
  take({ timeMs, isKey, data }: StreamFrame): void {
    if (this.#isComplete) return
    const { grid, segment, end = Number.POSITIVE_INFINITY } = this.#options
    const time = grid.timeOf(timeMs)
    if (this.#frames.length === 0 && this.#current === segment) this.#checkStart(time, isKey)
    let next = this.#current
    while (next < end && time >= grid.boundary(next + 1)) next++
    if (next > this.#current) {
      // Every segment starts with a keyframe: asked for, and checked here.
      if (!isKey) throw broken(`Segment ${next} starts without a keyframe`)
      this.#finish(time)
      this.#current = next
      this.#isComplete = next >= end
      if (this.#isComplete) return
    }
    if (time < grid.boundary(this.#current)) throw broken(`A frame of segment ${this.#current} comes before it`)
    const sets = isKey ? this.parameterSets : undefined
    this.#frames.push({ time, isKey, data: sets === undefined ? data : concatBytes([sets, data]) })
  }

  /** No more frames come: the last one lasts as long as frames do. */
  end(): void {
    const latest = this.#frames.reduce((last, { time }) => Math.max(last, time), 0)
    const { frameDuration, nominalDuration } = this.#options.grid.plan
    if (!this.#isComplete && this.#frames.length > 0) this.#finish(latest + (frameDuration ?? nominalDuration))
    this.#isComplete = true
  }

  /** Forgets the frames that it has. */
  clear(): void {
    this.#frames = []
  }

  /** What a seek brings must begin where it should: a demuxer without an index may come too late. */
  #checkStart(time: number, isKey: boolean): void {
    const { grid, segment, checksStart = true } = this.#options
    const { frameDuration } = grid.plan
    if (!isKey) throw broken('The encoder does not start with a keyframe')
    if (!checksStart || grid.isFirst(segment) || frameDuration === undefined) return
    if (time > grid.startOf(segment) + frameDuration / 2) throw new LateStart()
  }

  /** Closes the current segment. @param next presentation time of the frame that follows it, ticks */
  #finish(next: number): void {
    const { grid, trackId, onSegment } = this.#options
    const frames = this.#frames
    this.#frames = []
    if (frames.length === 0) return
    const delay = grid.reorderDelay
    const times = deriveDecodeTimes(
      Float64Array.from(frames, frame => frame.time),
      delay,
      next - delay,
    )
    const batch = { ...createSampleBatch(trackId, grid.plan.timescale, frames.length), ...times }
    frames.forEach(({ isKey, data }, i) => {
      batch.size[i] = data.length
      batch.flags[i] = isKey ? SAMPLE_SYNC : 0
      batch.data.push(data)
    })
    onSegment(this.#current, batch)
  }
}

/** The seek came too late: the run is to be started again from farther back. */
export class LateStart extends CuemuxError {
  constructor() {
    super('ENCODER_FAILED', 'ffmpeg found no way to the planned frame from where it looked for it.')
  }
}

function broken(what: string): CuemuxError {
  return new CuemuxError('ENCODER_FAILED', `${what}.`)
}
