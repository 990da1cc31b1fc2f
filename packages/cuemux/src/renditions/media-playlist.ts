import type { Clip } from '@cuemux/planner'
import { type PlaylistStart, writeMediaPlaylist } from '@cuemux/playlist'
import type { PlannedFilm } from '../planned-film.js'
import type { RenditionPlaylist } from './rendition.js'

/** The media playlist of a rendition that has these segments. */
export function mediaPlaylist(
  { firstSegment, segments, discontinuitySequence }: RenditionPlaylist,
  { plan, isIndependent, clip }: PlannedFilm,
): string {
  return writeMediaPlaylist({
    targetDuration: plan.targetDuration,
    type: 'VOD',
    isEnded: true,
    hasIndependentSegments: isIndependent,
    mediaSequence: firstSegment,
    discontinuitySequence,
    start: startOf(clip),
    segments,
  })
}

/** Where a clip begins to play: its picture starts with the keyframe before. */
export function startOf(clip: Clip | undefined): PlaylistStart | undefined {
  if (clip === undefined || clip.startOffsetMs === 0) return undefined
  return { offsetMs: clip.startOffsetMs, isPrecise: true }
}
