import {
  type AudioTrack,
  CuemuxError,
  type MediaIndex,
  type SpanSizes,
  type Track,
  type VideoTrack,
} from '@cuemux/core'
import type { ClientProfile } from './client.js'
import { type Decision, decide } from './decide.js'
import { extentWithin, segmentBoundsUs, US } from './extent.js'
import { defaultOverhead, type SegmentOverhead } from './rates.js'
import type { RatedRendition, RenditionPlan } from './rendition.js'
import { planSegments, type SegmentPlan } from './segments.js'
import { planTimeline, type Timeline } from './timeline.js'
import { planVariants, type VariantPlan } from './variants.js'

/** What is done with a track of the film. */
export interface TrackDecision extends Decision {
  readonly track: Track
}

/** How a film is presented. */
export interface PresentationOptions {
  /** A new segment starts at the first keyframe at or after this length, ms. */
  readonly targetDurationMs: number
  readonly client: ClientProfile
  /** Video and sound in one rendition. */
  readonly isMuxed?: boolean
  /** BCP 47 tag of the sound that is chosen when nothing else is said. */
  readonly audioLanguage?: string | undefined
  /** Exact sizes, where the index tells: see `Demuxer.spanSizes`. */
  readonly spanSizes?: (trackId: number, cuts: Uint32Array) => SpanSizes | undefined
  /**
   * Where groups of pictures are open: by how much the first picture of each segment comes before its keyframe, ticks
   * of the reference track. A segment of video begins with that picture; see `Demuxer.readGroupStarts`.
   */
  readonly leads?: Float64Array | undefined
  /** What the muxer adds; by default an upper estimate. */
  readonly overhead?: (track: Track) => SegmentOverhead
}

/** A film as an HLS presentation, planned from its index alone. */
export interface PresentationPlan {
  readonly segments: SegmentPlan
  readonly timeline: Timeline
  /** Every track of the film, with what is done with it. */
  readonly decisions: readonly TrackDecision[]
  readonly renditions: readonly RatedRendition[]
  /** One for each codec of the sound; the one with the default sound first. */
  readonly variants: readonly VariantPlan[]
  /** EXT-X-TARGETDURATION of every playlist, s: the longest segment of all renditions, rounded. */
  readonly targetDuration: number
}

/**
 * Plans the presentation of a film: which tracks are in it, in which renditions, which segments those have, how long
 * these last and what bit rates they need. The tracks that are to be encoded are listed with their decision only.
 *
 * @throws CuemuxError `BAD_REQUEST` for a wrong target duration, `NO_KEYFRAME_INDEX`, `UNSUPPORTED_CODEC` where nothing
 *   can be copied, or the reference video track can't be
 */
export function planPresentation(index: MediaIndex, options: PresentationOptions): PresentationPlan {
  const segments = planSegments(index, options)
  const decisions = decideTracks(index, options.client)
  const copied = copiedTracks(index, decisions)
  const planned = planRenditions(index, segments, copied, options)
  let longestUs = 0
  for (const { durationsUs } of planned) for (const duration of durationsUs) longestUs = Math.max(longestUs, duration)
  const targetDuration = Math.max(1, Math.round(longestUs / US))
  const defaultAudio = chooseAudio(copied, options.audioLanguage)
  const rated = planVariants(index, segments, planned, {
    targetDuration,
    defaultAudioId: defaultAudio?.id,
    spanSizes: options.spanSizes ?? (() => undefined),
    overhead: options.overhead ?? defaultOverhead,
  })
  return { segments, timeline: planTimeline(index), decisions, ...rated, targetDuration }
}

/** The decision on every track: that of its codec, and that a film shows one video track. */
function decideTracks(index: MediaIndex, client: ClientProfile): TrackDecision[] {
  return index.tracks.map(track => {
    if (track.kind === 'video' && track.id !== index.keyframes.trackId) {
      return { track, action: 'drop', reason: 'Only the first video track of a film is shown' }
    }
    return { track, ...decide(track, client) }
  })
}

function copiedTracks(index: MediaIndex, decisions: readonly TrackDecision[]): (VideoTrack | AudioTrack)[] {
  const copied = decisions.flatMap(({ action, track }) => (action === 'copy' && track.kind !== 'text' ? [track] : []))
  const reference = decisions.find(({ track }) => track.id === index.keyframes.trackId)
  const pictureIsLost = reference?.track.kind === 'video' && reference.action !== 'copy'
  if (copied.length > 0 && !pictureIsLost) return copied
  const reasons = (pictureIsLost && reference ? [reference] : decisions).map(({ reason }) => reason)
  throw new CuemuxError(
    'UNSUPPORTED_CODEC',
    `The film can't be played by this client without encoding: ${reasons.join('; ') || 'it has no tracks'}.`,
  )
}

/** The sound that plays when the viewer has no wish: of the language, else the film's default, else the first. */
function chooseAudio(tracks: readonly Track[], language: string | undefined): AudioTrack | undefined {
  const audio = tracks.filter((track): track is AudioTrack => track.kind === 'audio')
  const wanted = language?.toLowerCase()
  const spoken =
    wanted === undefined
      ? []
      : audio.filter(({ language: tag }) => tag.toLowerCase() === wanted || tag.toLowerCase().startsWith(`${wanted}-`))
  const candidates = spoken.length > 0 ? spoken : audio
  return candidates.find(track => track.isDefault) ?? candidates[0]
}

function planRenditions(
  index: MediaIndex,
  segments: SegmentPlan,
  copied: readonly (VideoTrack | AudioTrack)[],
  options: PresentationOptions,
): RenditionPlan[] {
  const bounds = segmentBoundsUs(index, segments)
  const videoBounds = options.leads === undefined ? bounds : segmentBoundsUs(index, segments, options.leads)
  const video = copied.find(track => track.kind === 'video')
  const audio = copied.filter(track => track.kind === 'audio')
  const chosen = chooseAudio(audio, options.audioLanguage)
  if (options.isMuxed && video && chosen) {
    const name = `av-${video.id}-${chosen.id}`
    return [{ name, kind: 'muxed', tracks: [video, chosen], ...extentWithin(index, videoBounds, video) }]
  }
  const renditions: RenditionPlan[] = audio.map(track => ({
    name: `audio-${track.id}`,
    kind: 'audio',
    tracks: [track],
    ...extentWithin(index, bounds, track),
  }))
  if (video) {
    renditions.unshift({
      name: `video-${video.id}`,
      kind: 'video',
      tracks: [video],
      ...extentWithin(index, videoBounds, video),
    })
  }
  return renditions
}
