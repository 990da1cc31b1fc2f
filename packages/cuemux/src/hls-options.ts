import type { ClientInput } from './client.js'

/** Options of {@link Media.hls}. */
export interface HlsOptions {
  /** Who plays it: what this client plays is copied. Default `browser`: any current browser with Media Source Extensions. */
  readonly client?: ClientInput
  /** Length that segments aim at, ms; each goes on to the first keyframe at or after it. Default 6000. */
  readonly segmentDurationMs?: number
  /** Picture and sound in one rendition, for simple clients. */
  readonly muxed?: boolean
  /** Languages of the sound in the order of preference (BCP 47); default the film's default track. */
  readonly audioLanguages?: readonly string[]
  /**
   * Where the presentation starts, ms from the film's beginning; default 0. Sound starts there to the frame, the picture at
   * the keyframe at or before it, and EXT-X-START tells players where to begin.
   */
  readonly startMs?: number
  /** Where the presentation ends, ms from the film's beginning; default the film's end. */
  readonly endMs?: number
  /** How many bytes of samples may be kept that were read for one rendition and that others will ask for. Default 64 MiB. */
  readonly cacheBytes?: number
}
