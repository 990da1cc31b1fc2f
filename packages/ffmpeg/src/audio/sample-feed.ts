import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { type AudioTrack, concatBytes, SAMPLE_SYNC, type SampleBatch } from '@cuemux/core'
import { feedClusters, feedHead } from '../input/feed-matroska.js'
import type { FfmpegProcess } from '../process/ffmpeg-process.js'
import { FEED_ZERO_S } from './audio-arguments.js'
import { exactTimes } from './exact-times.js'
import type { AudioGrid } from './grid.js'

/**
 * Reads samples of a track: those that start at or after `fromTicks` and before `toTicks`, in order, in ticks of the
 * track's timescale on the film's clock; `toTicks` may be infinite. Nothing where there are none.
 */
export type ReadSamples = (
  fromTicks: number,
  toTicks: number,
  signal: AbortSignal,
) => Promise<SampleBatch | readonly SampleBatch[] | undefined>

/** Sound that a decoder gets before the one that counts, ms: for bit reservoirs, overlaps, TrueHD's sync frames. */
const DECODE_PREROLL_MS = 250
/** Sound that ffmpeg gets behind a segment, ms: what decoder, resampler and encoder hold back is less. */
const TAIL_MS = 200

/** Writes a track's samples to a process, segment by segment, from a frame of the grid on. */
export class SampleFeed {
  readonly #track: AudioTrack
  readonly #grid: AudioGrid
  readonly #readSamples: ReadSamples
  readonly #anchor: number
  /** Where the next read begins, ticks. */
  #position: number
  /** Where the last sample that was written ends, ticks. */
  #written = Number.NEGATIVE_INFINITY
  /** The next segment whose samples are to be written. */
  #next: number
  #isStarted = false
  #hasEnded = false

  /**
   * @param startFrame the frame with which the encoder starts
   * @param segment the first segment that is wanted
   */
  constructor(track: AudioTrack, grid: AudioGrid, readSamples: ReadSamples, startFrame: number, segment: number) {
    this.#track = track
    this.#grid = grid
    this.#readSamples = readSamples
    this.#anchor = grid.sourceTicks(startFrame)
    const preroll = Math.max(this.#ticks(DECODE_PREROLL_MS), track.seekPreroll ?? 0)
    this.#position = Math.floor(this.#anchor) - preroll
    this.#next = segment
  }

  /** Whether the input has been ended. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether there was anything to write. */
  get hasSamples(): boolean {
    return this.#written > Number.NEGATIVE_INFINITY
  }

  /** Whether enough of it lies behind the pre-roll that something must come out. */
  get hasKeptSound(): boolean {
    return this.#written > this.#anchor + this.#ticks(TAIL_MS)
  }

  /** Writes what ffmpeg needs to finish segment n; through a gap of the source, what follows it. */
  async writeThrough(n: number, process: FfmpegProcess, signal: AbortSignal): Promise<void> {
    while (this.#next <= n && !this.#hasEnded) {
      const { end } = this.#grid.framesOf(this.#next)
      const needed = end === Number.POSITIVE_INFINITY ? end : this.#grid.sourceTicks(end)
      const to = Math.ceil(needed + this.#ticks(TAIL_MS))
      await this.#write(to, process, signal)
      const isLast = this.#next + 1 === this.#grid.segmentCount
      this.#next++
      if (isLast) this.end(process)
      else if (this.#written < needed) n = Math.max(n, this.#next)
    }
  }

  /** Ends the input: ffmpeg gives out what it holds back. */
  end(process: FfmpegProcess): void {
    this.#hasEnded = true
    process.stdin.end()
  }

  async #write(to: number, process: FfmpegProcess, signal: AbortSignal): Promise<void> {
    if (to <= this.#position) return
    const { stdin } = process
    const release = process.hold()
    const read = await this.#readSamples(this.#position, to, signal).finally(release)
    this.#position = to
    const batches = read === undefined ? [] : 'count' in read ? [read] : read
    for (const jittery of batches) {
      const batch = exactTimes(this.#track, jittery)
      const first = this.hasSamples ? 0 : firstSync(batch)
      if (first >= batch.count) continue
      const clusters = feedClusters(this.#track, batch, this.#anchor, FEED_ZERO_S * 1e9, first)
      const last = batch.count - 1
      this.#written = (batch.dts[last] ?? 0) + (batch.duration[last] ?? 0)
      const bytes = this.#isStarted ? clusters : concatBytes([feedHead(this.#track, batch.descriptionIndex), clusters])
      this.#isStarted = true
      if (stdin.writable && !stdin.write(bytes)) await drained(stdin, signal)
    }
  }

  #ticks(ms: number): number {
    return Math.round((ms * this.#track.timescale) / 1000)
  }
}

function firstSync(batch: SampleBatch): number {
  let first = 0
  while (first < batch.count && !((batch.flags[first] ?? 0) & SAMPLE_SYNC)) first++
  return first
}

/** Waits until what was written has been taken, or nobody takes it any more. */
async function drained(stdin: Writable, signal: AbortSignal): Promise<void> {
  const closed = new AbortController()
  const onClose = (): void => closed.abort()
  stdin.once('close', onClose)
  try {
    await once(stdin, 'drain', { signal: AbortSignal.any([signal, closed.signal]) })
  } catch {
    // The process's exit says what happened.
  } finally {
    stdin.off('close', onClose)
  }
}
