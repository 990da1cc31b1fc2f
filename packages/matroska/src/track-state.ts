import type { Track } from '@cuemux/core'
import { createClock, type TrackClock } from './clock.js'
import type { TrackFormat } from './format.js'
import type { TrackWithFormat } from './track-model.js'

/** A track that is ready to be read: what its first frame tells is known. */
export interface TrackState {
  readonly track: Track
  readonly format: TrackFormat
  readonly clock: TrackClock
}

/** The state of a track whose times are known as far as they can be. */
export function createTrackState(pair: TrackWithFormat, timestampScale: number): TrackState {
  return { ...pair, clock: createClock(pair.format, pair.track.timescale, timestampScale) }
}

/** The reorder delay of a track, ticks; 0 for sound and text. */
export function delayOf(track: Track): number {
  return track.kind === 'video' ? track.reorderDelay : 0
}
