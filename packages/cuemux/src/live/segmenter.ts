import { createSampleBatch, rescale, SAMPLE_SYNC, type SampleBatch } from '@cuemux/core'
import type { StreamFrame } from '@cuemux/ffmpeg'
import { writeMediaSegment } from '@cuemux/fmp4'
import { joinPieces } from '../resource.js'
import { JUMP, PictureClock, type PlacedFrame, SoundClock } from './clocks.js'
import { AUDIO_ID, type LiveTracks, VIDEO_ID } from './tracks.js'

/** A part of a segment, or the whole of it: one fragment of MP4. */
export interface LivePiece {
  readonly bytes: Uint8Array
  /** On the stream's timeline. */
  readonly startUs: number
  readonly durationUs: number
  /** It starts with a keyframe. */
  readonly isIndependent: boolean
  /** The segment is complete with it. */
  readonly endsSegment: boolean
}

/** How a {@link LiveSegmenter} cuts. */
export interface SegmenterOptions {
  readonly tracks: LiveTracks
  /** Where on the stream's timeline the first frame is shown, µs. */
  readonly startUs: number
  /** A segment ends at the first keyframe from here on, µs. */
  readonly segmentUs: number
  /** Longest part, µs; `undefined`: a segment is one piece. */
  readonly partUs: number | undefined
  readonly onPiece: (piece: LivePiece) => void
}

interface PlacedSample extends PlacedFrame {
  readonly isKey: boolean
  readonly data: Uint8Array
}

interface Sample extends PlacedSample {
  readonly duration: number
}

/** Before the first segment has shown how far keyframes are apart, µs. */
const FIRST_LIMIT_US = 20_000_000
/** Sound beside pictures may pause for so long and still belong to them, ms. */
const MAX_SOUND_GAP_MS = 10_000
/** A segment of more is cut anywhere: what is kept of it is bounded. */
const MAX_PIECE_BYTES = 48 << 20

/**
 * Frames of a running ffmpeg to fragments of MP4: pictures lead where there are any, else sound. A frame's length is the
 * time to the next one, so that decode times join exactly from piece to piece; sound goes with the pictures that it is
 * heard with. One timeline: where it breaks, a new segmenter goes on.
 */
export class LiveSegmenter {
  /** No segment is longer: it is cut without a keyframe then. */
  limitUs: number = FIRST_LIMIT_US
  readonly #options: SegmenterOptions
  readonly #timescale: number
  #lead: PictureClock | SoundClock | undefined
  #sound: SoundClock | undefined
  #pending: PlacedSample | undefined
  #pendingSound: PlacedSample | undefined
  #samples: Sample[] = []
  #sounds: Sample[] = []
  #bytes = 0
  #segmentStart: number | undefined
  #pieceStart = 0
  #sequence = 1

  constructor(options: SegmenterOptions) {
    this.#options = options
    const { video, audio } = options.tracks
    this.#timescale = video?.track.timescale ?? audio?.track.timescale ?? 1
  }

  /** Takes a frame in ffmpeg's order; answers whether it belongs to another timeline, and was not taken. */
  push(frame: StreamFrame): boolean {
    const { video } = this.#options.tracks
    if (frame.kind === 'video' || video === undefined) {
      return this.#pushLead(frame)
    }
    if (this.#sound === undefined) return false
    const placed = this.#sound.place(frame.timeMs)
    if (placed === JUMP) return true
    if (placed !== undefined) this.#follow({ ...placed, isKey: true, data: frame.data })
    return false
  }

  /**
   * Gives out what has come as a last segment. Returns where the timeline ends, µs.
   *
   * @param isCut the stream broke off: its last frame may be half of one, and is left out
   */
  finish(isCut = false): number {
    const { video, audio } = this.#options.tracks
    const nominal = video?.nominalDuration ?? audio?.frameSamples ?? 1
    const last = this.#pending
    const soundRate = audio?.track.timescale ?? 1
    if (last === undefined) return this.#options.startUs
    const isLeftOut = isCut && this.#samples.length > 0
    if (!isLeftOut) this.#take(last, nominal)
    if (this.#pendingSound !== undefined) this.#takeSound(this.#pendingSound, audio?.frameSamples ?? 0)
    const lastSound = this.#sounds.at(-1)
    const end = isLeftOut ? last.dts : last.dts + nominal
    this.#cut(end, true, Number.POSITIVE_INFINITY)
    this.#pending = undefined
    const soundEndUs = lastSound === undefined ? 0 : rescale(lastSound.dts + lastSound.duration, soundRate, 1_000_000)
    return Math.max(rescale(end + this.#delay, this.#timescale, 1_000_000), video === undefined ? 0 : soundEndUs)
  }

  #pushLead({ timeMs, isKey, data }: StreamFrame): boolean {
    if (this.#lead === undefined) {
      // What can't be decoded without pictures before it is no beginning.
      if (!isKey) return false
      this.#lead = this.#begin(timeMs)
    }
    const placed = this.#lead.place(timeMs)
    if (placed === JUMP) return true
    if (placed === undefined) return false
    const sample = { ...placed, isKey, data }
    if (this.#pending !== undefined) {
      this.#cutBeforeGap(this.#pending, placed.dts)
      this.#take(this.#pending, placed.dts - this.#pending.dts)
    }
    this.#pending = sample
    if (this.#segmentStart === undefined) this.#segmentStart = this.#pieceStart = placed.dts
    else this.#cutBefore(sample, this.#segmentStart)
    return false
  }

  #begin(originMs: number): PictureClock | SoundClock {
    const { tracks, startUs, segmentUs } = this.#options
    const { video, audio } = tracks
    // A picture that stands for longer than a segment has no place in any.
    const maxGapMs = segmentUs / 1000
    if (audio !== undefined) {
      const { sampleRate } = audio.track
      const { frameSamples } = audio
      const start = rescale(startUs, 1_000_000, sampleRate)
      const gapMs = video === undefined ? maxGapMs : MAX_SOUND_GAP_MS
      this.#sound = new SoundClock({ sampleRate, frameSamples, maxGapMs: gapMs, originMs, start })
      if (video === undefined) return this.#sound
    }
    const { timescale, frameDuration } = video?.track ?? { timescale: 1, frameDuration: 1 }
    const { reorderFrames = 0, nominalDuration = 1 } = video ?? {}
    const start = rescale(startUs, 1_000_000, timescale)
    return new PictureClock({ timescale, frameDuration, nominalDuration, reorderFrames, maxGapMs, originMs, start })
  }

  get #delay(): number {
    return this.#lead instanceof PictureClock ? this.#lead.delay : 0
  }

  /** A frame that stands for so long that its segment would be too long has one of its own. */
  #cutBeforeGap({ dts }: PlacedSample, next: number): void {
    const limit = (this.limitUs * this.#timescale) / 1_000_000
    if (this.#segmentStart === undefined || this.#samples.length === 0 || next - this.#segmentStart <= limit) return
    this.#cut(dts, true, dts + this.#delay)
    this.#segmentStart = dts
  }

  /** Ends the segment or the part before a frame, where that is due. */
  #cutBefore({ dts, isKey }: PlacedSample, segmentStart: number): void {
    const { segmentUs, partUs, tracks } = this.#options
    const ticks = (us: number): number => (us * this.#timescale) / 1_000_000
    const nominal = tracks.video?.nominalDuration ?? tracks.audio?.frameSamples ?? 1
    const elapsed = dts - segmentStart
    const isDue = isKey && elapsed >= ticks(segmentUs) - nominal / 2
    if (isDue || elapsed + nominal > ticks(this.limitUs) || this.#bytes > MAX_PIECE_BYTES) {
      this.#cut(dts, true, dts + this.#delay)
      this.#segmentStart = dts
    } else if (partUs !== undefined && dts - this.#pieceStart + nominal > ticks(partUs) + 1) {
      this.#cut(dts, false, dts + this.#delay)
    }
  }

  #take(sample: PlacedSample, duration: number): void {
    this.#samples.push({ ...sample, duration: Math.max(0, duration) })
    this.#bytes += sample.data.length
  }

  #follow(sample: PlacedSample): void {
    if (this.#pendingSound !== undefined) this.#takeSound(this.#pendingSound, sample.dts - this.#pendingSound.dts)
    this.#pendingSound = sample
  }

  #takeSound(sample: PlacedSample, duration: number): void {
    this.#sounds.push({ ...sample, duration })
    this.#bytes += sample.data.length
  }

  /** @param end decode time of what follows; @param soundEnd sound from here on waits for the next piece: both ticks of what leads */
  #cut(end: number, endsSegment: boolean, soundEnd: number): void {
    const { tracks, onPiece } = this.#options
    const { video, audio } = tracks
    const isLed = video !== undefined
    const soundRate = audio?.track.timescale ?? 1
    const sounds = isLed ? this.#soundsBefore((soundEnd * soundRate) / this.#timescale) : this.#samples
    const fragments = [
      ...(isLed ? [{ batch: batchOf(VIDEO_ID, this.#timescale, this.#samples), shift: 0 }] : []),
      ...(audio === undefined ? [] : [{ batch: batchOf(AUDIO_ID, soundRate, sounds), shift: 0 }]),
    ]
    const isIndependent = this.#samples[0]?.isKey ?? false
    this.#samples = []
    this.#bytes = this.#sounds.reduce((sum, { data }) => sum + data.length, 0)
    const startUs = rescale(this.#pieceStart, this.#timescale, 1_000_000)
    const durationUs = rescale(end, this.#timescale, 1_000_000) - startUs
    this.#pieceStart = end
    const bytes = joinPieces(writeMediaSegment(this.#sequence++, fragments).pieces)
    onPiece({ bytes, startUs, durationUs, isIndependent, endsSegment })
  }

  #soundsBefore(time: number): Sample[] {
    const rest = this.#sounds.findIndex(({ pts }) => pts >= time)
    const taken = rest < 0 ? this.#sounds : this.#sounds.slice(0, rest)
    this.#sounds = rest < 0 ? [] : this.#sounds.slice(rest)
    return taken
  }
}

function batchOf(trackId: number, timescale: number, samples: readonly Sample[]): SampleBatch {
  const batch = createSampleBatch(trackId, timescale, samples.length)
  samples.forEach(({ pts, dts, duration, isKey, data }, i) => {
    batch.dts[i] = dts
    batch.compositionOffset[i] = pts - dts
    batch.duration[i] = duration
    batch.size[i] = data.length
    batch.flags[i] = isKey ? SAMPLE_SYNC : 0
    batch.data.push(data)
  })
  return batch
}
