import type { AudioTrack, SpanSizes, Track, VideoTrack } from '@cuemux/core'
import { US } from './extent.js'

/** What the muxer adds to a track's payload. */
export interface SegmentOverhead {
  /** Bytes per segment: boxes of fixed size. */
  readonly segmentBytes: number
  /** Bytes per sample: its entry in the `trun`. */
  readonly sampleBytes: number
}

/**
 * What a segment adds, at most: `moof` with one `traf` and `mdat`'s header, for video twice, as the keyframe has a fragment
 * of its own; and per sample the size, for video the composition offset and flags, and the duration where it varies.
 */
export function defaultOverhead(track: Track): SegmentOverhead {
  const duration = track.kind !== 'text' && track.frameDuration !== undefined ? 0 : 4
  const isVideo = track.kind === 'video'
  return { segmentBytes: isVideo ? 264 : 140, sampleBytes: (isVideo ? 12 : 4) + duration }
}

/**
 * The peak bit rate as RFC 8216bis §4.4.6.2 counts it: the highest rate of any run of segments that lasts 0.5 to 1.5
 * target durations. Where no run does, the rate of the whole.
 *
 * @param bytes bytes of each segment
 * @param durationsUs length of each, µs
 * @param targetDuration s
 * @returns bits/s
 */
export function peakRate(bytes: Float64Array, durationsUs: Float64Array, targetDuration: number): number {
  const shortest = 0.5 * targetDuration * US
  const longest = 1.5 * targetDuration * US
  let peak = 0
  for (let i = 0; i < durationsUs.length; i++) {
    let run = 0
    let time = 0
    for (let j = i; j < durationsUs.length; j++) {
      run += bytes[j] ?? 0
      time += durationsUs[j] ?? 0
      if (time > longest) break
      if (time >= shortest) peak = Math.max(peak, run / time)
    }
  }
  return peak > 0 ? peak * 8 * US : averageRate(bytes, durationsUs)
}

/** Bits per second of the whole. */
export function averageRate(bytes: Float64Array, durationsUs: Float64Array): number {
  const time = sum(durationsUs)
  return time > 0 ? (sum(bytes) * 8 * US) / time : 0
}

function sum(column: Float64Array): number {
  let total = 0
  for (const value of column) total += value
  return total
}

/** Adds a track's exact sizes, and what the muxer puts around them, to the bytes of a rendition's segments. */
export function addExactBytes(
  into: Float64Array,
  sizes: SpanSizes,
  firstSegment: number,
  overhead: SegmentOverhead,
): void {
  for (let n = 0; n < into.length; n++) {
    const span = n + firstSegment
    const payload = (sizes.bytes[span] ?? 0) + (sizes.samples[span] ?? 0) * overhead.sampleBytes
    into[n] = (into[n] ?? 0) + payload + overhead.segmentBytes
  }
}

/** Adds what a constant rate, bits/s, makes of segments of these lengths. */
export function addRate(into: Float64Array, durationsUs: Float64Array, bps: number): void {
  for (let n = 0; n < into.length; n++) into[n] = (into[n] ?? 0) + (bps * (durationsUs[n] ?? 0)) / (8 * US)
}

/** A track's mean rate as far as it is known without its sizes, bits/s. */
export interface TrackRate {
  /** Stated by the container or the codec, or what such tracks have as a rule. */
  readonly bps: number
  /** A rate that it hardly is below: what may be taken off a sum without making it too small. */
  readonly leastBps: number
}

// What an encoder makes as a rule, bits/s per channel, and the part of it that one hardly goes below.
const USUAL_RATES: Readonly<Partial<Record<AudioTrack['codec'], readonly [bpsPerChannel: number, least: number]>>> = {
  aac: [64_000, 0.6],
  mp3: [64_000, 0.6],
  mp2: [96_000, 0.6],
  opus: [48_000, 0.6],
  vorbis: [56_000, 0.3],
  ac3: [80_000, 0.8],
  eac3: [100_000, 0.3],
  dts: [250_000, 0.5],
  truehd: [500_000, 0.3],
}

/** The mean rate of a track without known sizes. Text and unknown video count as nothing. */
export function trackRate(track: Track): TrackRate {
  const { bitrateBps } = track
  if (track.codec === 'pcm' && track.bitDepth !== undefined) {
    const exact = track.sampleRate * track.channels * track.bitDepth
    return { bps: exact, leastBps: exact }
  }
  if (bitrateBps !== undefined && bitrateBps > 0) return { bps: bitrateBps, leastBps: bitrateBps * 0.9 }
  if (track.kind !== 'audio') return { bps: 0, leastBps: 0 }
  const raw = track.sampleRate * track.channels * (track.bitDepth ?? 16)
  if (track.codec === 'flac' || track.codec === 'alac') return { bps: raw * 0.6, leastBps: raw * 0.1 }
  const [usual, least] = USUAL_RATES[track.codec] ?? [64_000, 0.5]
  const bps = usual * Math.max(1, track.channels)
  return { bps, leastBps: bps * least }
}

/** Samples per second, where they can be told. */
export function samplesPerSecond(track: VideoTrack | AudioTrack): number {
  if (track.frameDuration !== undefined && track.frameDuration > 0) return track.timescale / track.frameDuration
  return track.kind === 'video' ? (track.frameRate ?? 30) : track.sampleRate / 1024
}
