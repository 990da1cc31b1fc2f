import type { AudioTrack, VideoTrack } from '@cuemux/core'
import type { Extent } from './extent.js'

/** Bit rates of a rendition or a variant. */
export interface Bandwidth {
  /** Peak, bits/s: the highest rate of any run of segments that lasts 0.5 to 1.5 target durations. */
  readonly peakBps: number
  /** Mean, bits/s. */
  readonly averageBps: number
}

/** A rendition: one playlist, one init segment, and a row of segments. */
export interface RenditionPlan extends Extent {
  /** Unique in the presentation and safe in a path: `video-1`, `audio-2`, `av-1-2`. */
  readonly name: string
  /** What it carries; `muxed` is video with sound. */
  readonly kind: 'video' | 'audio' | 'muxed'
  /** The tracks in it, video first. */
  readonly tracks: readonly (VideoTrack | AudioTrack)[]
}

/** A rendition with its bit rates. */
export interface RatedRendition extends RenditionPlan, Bandwidth {}
