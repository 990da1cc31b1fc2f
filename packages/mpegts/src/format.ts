import { CuemuxError, type MediaIndex, type SampleDescription } from '@cuemux/core'
import type { LatmConfig } from './latm.js'
import type { Framing } from './stream-kinds.js'

/** Stretches of the stream in which time stamps go on without a jump, as columns of plain numbers. */
export interface TimeSections {
  /** Where each begins, bytes. */
  readonly position: readonly number[]
  /** A time stamp of it, 33 bits, within 13 hours of all its others. */
  readonly origin: readonly number[]
  /** What that time stamp is on the film's clock, 90 kHz. */
  readonly time: readonly number[]
  /** Where the last one ends, bytes and 90 kHz. */
  readonly endPosition: number
  readonly endTime: number
}

/** Places of the stream and the film's time there, 90 kHz, both rising. */
export interface TimeModel {
  readonly position: readonly number[]
  readonly time: readonly number[]
}

/** From where on which PID carries which track. */
export interface PidEpoch {
  readonly position: number
  /** In the order of the index's tracks; -1 for a track that isn't there. */
  readonly pids: readonly number[]
}

/** From a keyframe on, another description decodes the stream. */
export interface SetChange {
  /** Number of the keyframe. */
  readonly keyframe: number
  /** `undefined` for the track's first. */
  readonly description: SampleDescription | undefined
}

/** How one track's PES packets become samples. Plain data, kept in the index. */
export interface TrackFormat {
  readonly framing: Framing
  /** Presentation time of the track's first frame: where its grid of frames is fixed, 90 kHz on the film's clock. */
  readonly anchor: number | undefined
  /** Ticks of the track in one frame of the grid, and in a sample of the codec; 0 for none. */
  readonly gridTicks: number
  readonly ticksPerSample: number
  /** Parameter sets of the decoder's configuration. */
  readonly parameterSets: readonly Uint8Array[]
  /** The configuration of a LATM multiplex. */
  readonly latm: LatmConfig | undefined
  readonly hasFields: boolean
  /** Pictures per second as the codec says them, promised or not. */
  readonly rate: { readonly numerator: number; readonly denominator: number } | undefined
  readonly isScrambled: boolean
  /** Whether the beginning of the film told the track's start and configuration. */
  readonly isKnown: boolean
}

/** What an MPEG-TS demuxer needs beside the index's own fields. */
export interface MpegTsFormat {
  readonly kind: 'mpegts'
  readonly version: 1
  /** Distance of packets, bytes, and where the first one is. */
  readonly stride: number
  readonly begin: number
  readonly sections: TimeSections
  readonly epochs: readonly PidEpoch[]
  readonly tracks: readonly TrackFormat[]
  /** Decode time of each keyframe, ticks of the reference track. */
  readonly keyDecodeTimes: Float64Array
  /** Whether the stream's own decode times are used; else they are derived from presentation times. */
  readonly usesDts: boolean
  /** Mean distance of pictures, and their reorder delay, 90 kHz. */
  readonly pictureTicks: number
  readonly reorderDelay: number
  /** Parameter sets change in mid-film: all stay in the samples, so that those that come back do. */
  readonly setsChange: boolean
  /**
   * How many of the index's keyframes are exact. The others are nominal: each stands for the first keyframe at or after
   * its time, which is looked up when it is needed.
   */
  readonly exactCount: number
  /** The film's times at some places, by which nominal keyframes are found. */
  readonly model: TimeModel | undefined
  /** Where parameter sets change in a stream that was sampled, as far as was found; in others groups of pictures tell. */
  readonly changes?: readonly SetChange[]
}

/**
 * The format data of an index.
 *
 * @throws CuemuxError `BAD_REQUEST` for an index that another format or version made
 */
export function formatOf(index: MediaIndex): MpegTsFormat {
  const format = index.format
  if (isMpegTsFormat(format)) return format
  throw new CuemuxError('BAD_REQUEST', "The index isn't one of a transport stream, or another version made it.", {
    hint: 'Open the source without it.',
  })
}

function isMpegTsFormat(format: unknown): format is MpegTsFormat {
  if (typeof format !== 'object' || format === null) return false
  const { kind, version } = format as Partial<MpegTsFormat>
  return kind === 'mpegts' && version === 1
}
