import type { AudioTrack, VideoTrack } from '@cuemux/core'
import { moofBytes } from './moof.js'
import { TFHD, TRUN, type TrafLayout } from './traf.js'

/** What a plan knows of one track in a segment before its samples are read. */
export interface FragmentEstimate {
  readonly track: VideoTrack | AudioTrack
  readonly sampleCount: number
  /** How many samples are sync samples, where that is known: with one, at the start, flags cost nothing per sample. */
  readonly syncSamples?: number
}

const MDAT_HEADER_BYTES = 8

/**
 * Bytes of `moof` and `mdat` header of a segment: never less than `writeMediaSegment` takes for as many samples of one
 * description, durations being constant where the track's `frameDuration` says so. Exact where sizes vary, composition
 * offsets are there if the track reorders, and `syncSamples` is told.
 */
export function segmentOverheadBytes(fragments: readonly FragmentEstimate[]): number {
  return moofBytes(fragments.filter(fragment => fragment.sampleCount > 0).map(estimateLayout)) + MDAT_HEADER_BYTES
}

function estimateLayout({ track, sampleCount, syncSamples }: FragmentEstimate): TrafLayout {
  const durationVaries = track.frameDuration === undefined
  const flagsVary = track.kind === 'video' && syncSamples !== 1 && syncSamples !== sampleCount
  const firstDiffers = track.kind === 'video' && syncSamples === 1 && sampleCount > 1
  const hasOffsets = track.kind === 'video' && track.reorderDelay > 0
  return {
    sampleCount,
    tfhdFlags: TFHD.baseIsMoof | (durationVaries ? 0 : TFHD.duration) | (flagsVary ? 0 : TFHD.flags),
    trunFlags:
      TRUN.dataOffset |
      TRUN.size |
      (durationVaries ? TRUN.duration : 0) |
      (flagsVary ? TRUN.flags : 0) |
      (firstDiffers ? TRUN.firstFlags : 0) |
      (hasOffsets ? TRUN.offset : 0),
    trunVersion: 0,
  }
}
