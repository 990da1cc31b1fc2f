import { type AudioTrack, CuemuxError, concatBytes, rescale, type SampleBatch, sliceBatch } from '@cuemux/core'
import {
  AudioTranscoder,
  type AudioTranscoderOptions,
  audioEncodeArguments,
  type FfmpegRegistry,
  ProcessPool,
} from '@cuemux/ffmpeg'
import { writeInitSegment, writeMediaSegment } from '@cuemux/fmp4'
import { writeTsSegment } from '@cuemux/mpegts'
import { byFilmValues } from '../encoding/film-values.js'
import type { LadderFormat, LadderRendition, LadderSegment } from './model.js'

/** Sound that becomes renditions. */
export interface AudioInput {
  /** With its start known. */
  readonly track: AudioTrack
  readonly input: AudioTranscoderOptions['input']
  /** Where the ladder's segments start, on the sound's own clock. */
  readonly segments: AudioTranscoderOptions['segments']
}

/** What a rendition of sound is made of. */
export interface AudioLadderOptions extends AudioInput {
  readonly ffmpeg: FfmpegRegistry
  readonly channels: 2 | 6
  readonly chunkSegments: number
  readonly format: LadderFormat
}

/** Of AAC by channels, bits per second. */
const BITRATES: Readonly<Record<number, number>> = { 1: 96_000, 2: 128_000, 6: 384_000 }
/** What ffmpeg's encoder takes to find its rate, frames (4 s): up to there it keeps less of the sound, which is heard at a join. */
const PREROLL_FRAMES = 192
/** What a chunk's run makes beyond its last segment is for nothing. */
const LOOK_AHEAD = 1
/** A run goes on however long the consumer takes: one that began elsewhere would give other bytes. */
const NEVER_MS = 2 ** 31 - 1

/** Two channels, and 5.1 where the sound has it. */
export function audioLayouts({ channels }: AudioTrack): readonly (2 | 6)[] {
  return channels >= 6 ? [2, 6] : [2]
}

/** A rendition of sound, made in the same chunks as the pictures, each by a run of its own that joins the one before. */
export class AudioLadder {
  readonly rendition: LadderRendition
  /** As it comes out. */
  readonly track: AudioTrack
  readonly #options: AudioLadderOptions
  readonly #transcoder: () => AudioTranscoder
  readonly #pool: ProcessPool
  #current: AudioTranscoder | undefined
  #shift = 0
  #hasInit = false

  constructor(options: AudioLadderOptions) {
    this.#options = options
    const { track, input, segments, ffmpeg, channels: wished } = options
    const encoding = byFilmValues(track, () =>
      audioEncodeArguments({
        codec: track.codec,
        channelsIn: track.channels,
        sampleRateIn: track.sampleRate,
        target: 'aac',
        channelsOut: wished,
        bitrateBps: BITRATES[Math.min(wished, track.channels)] ?? 128_000,
      }),
    )
    const { channels, bitrateBps, sampleRate } = encoding
    this.#pool = new ProcessPool(ffmpeg)
    this.#transcoder = () =>
      new AudioTranscoder({
        ...{ ffmpeg, pool: this.#pool, track, input, segments, encoding },
        target: { codec: 'aac', channels, bitrateBps, sampleRate },
        lookAheadSegments: LOOK_AHEAD,
        prerollFrames: PREROLL_FRAMES,
        idleMs: NEVER_MS,
        maxRuns: 1,
      })
    this.track = this.#transcoder().track
    this.rendition = {
      name: channels === 6 ? 'audio-5.1' : channels === 1 ? 'audio-mono' : 'audio-stereo',
      kind: 'audio',
      timescale: sampleRate,
      codec: 'mp4a.40.2',
      bitrateBps,
      maxBitrateBps: Math.round(bitrateBps * 1.25),
      channels,
      sampleRate,
      language: track.language,
      ...(track.title === undefined ? {} : { title: track.title }),
    }
  }

  /** From the sound's clock to the output's, ticks of the rendition. */
  set shift(ticks: number) {
    this.#shift = ticks
  }

  /**
   * Makes all segments in order.
   *
   * @param isStored whether segment n is stored already
   * @param admit resolves when segment n may be made; `false` where there is none any more
   * @param endTicks where the sound is cut off, on its clock; known once `admit` has resolved
   * @param give gets each segment; `undefined` for one that is stored, or in which there is no sound
   */
  async makeAll(
    isStored: (n: number) => boolean,
    admit: (n: number) => Promise<boolean>,
    endTicks: () => number,
    give: (n: number, segment: LadderSegment | undefined) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { segments, chunkSegments } = this.#options
    const count = segments.times.length
    for (let first = 0; first < count; first += chunkSegments) {
      const end = Math.min(count, first + chunkSegments)
      const numbers = Array.from({ length: end - first }, (_, i) => first + i)
      if (numbers.every(isStored)) {
        for (const n of numbers) give(n, undefined)
        continue
      }
      this.#current = this.#transcoder()
      try {
        for (const n of numbers) {
          if (!(await admit(n))) return
          const batch = await this.#batch(this.#current, n, signal)
          const kept = batch === undefined ? undefined : before(batch, endTicks())
          give(n, kept === undefined || isStored(n) ? undefined : this.#segment(n, kept))
        }
      } finally {
        await this.#current.close()
      }
    }
  }

  /** Ends its processes. */
  async close(): Promise<void> {
    await this.#current?.close()
    await this.#pool.close()
  }

  async #batch(transcoder: AudioTranscoder, n: number, signal: AbortSignal): Promise<SampleBatch | undefined> {
    try {
      return await transcoder.segment(n, signal)
    } catch (error) {
      if (error instanceof CuemuxError && error.code === 'NOT_FOUND') return undefined
      throw error
    }
  }

  #segment(n: number, batch: SampleBatch): LadderSegment {
    const segment = {
      rendition: this.rendition.name,
      number: n,
      start: (batch.dts[0] ?? 0) + this.#shift,
      duration: batch.duration.reduce((sum, ticks) => sum + ticks, 0),
    }
    if (this.#options.format === 'ts') {
      return { ...segment, data: [writeTsSegment(this.track, batch, this.#shift).bytes] }
    }
    const { pieces } = writeMediaSegment(n + 1, [{ batch, shift: this.#shift }])
    const isFirst = !this.#hasInit
    this.#hasInit = true
    return {
      ...segment,
      data: [concatBytes(pieces)],
      ...(isFirst ? { init: writeInitSegment([{ track: this.track }]) } : {}),
    }
  }
}

/** The frames that start before a time. */
function before(batch: SampleBatch, endTicks: number): SampleBatch | undefined {
  let end = batch.count
  while (end > 0 && (batch.dts[end - 1] ?? 0) >= endTicks) end--
  return end === 0 ? undefined : sliceBatch(batch, 0, end)
}

/** Where the sound's segments start, where its clock is another one than the pictures'. */
export function shiftedSegments(
  { times, timescale }: { readonly times: Float64Array; readonly timescale: number },
  zero: { readonly ticks: number; readonly timescale: number },
): AudioTranscoderOptions['segments'] {
  const offset = rescale(zero.ticks, zero.timescale, timescale)
  return offset === 0 ? { times, timescale } : { times: times.map(time => time + offset), timescale }
}
