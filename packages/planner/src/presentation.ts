import {
  type AudioTrack,
  CuemuxError,
  type MediaIndex,
  type SpanSizes,
  type TextTrack,
  type Track,
  type VideoTrack,
} from '@cuemux/core'
import type { ClientProfile } from './client.js'
import type { Clip } from './clip.js'
import { type Decision, decide } from './decide.js'
import { type Extent, extentWithin, segmentBoundsUs, US } from './extent.js'
import { defaultOverhead, type SegmentOverhead } from './rates.js'
import type { RatedRendition, RenditionPlan } from './rendition.js'
import { type DescriptionChange, planSegments, type SegmentPlan } from './segments.js'
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
  /** BCP 47 tags of the sound that is chosen when nothing else is said, the best first. */
  readonly audioLanguages?: readonly string[] | undefined
  /** Exact sizes, where the index tells: see `Demuxer.spanSizes`. */
  readonly spanSizes?: (trackId: number, cuts: Uint32Array) => SpanSizes | undefined
  /**
   * Where groups of pictures are open: by how much the first picture of each segment comes before its keyframe, ticks
   * of the reference track. A segment of video begins with that picture; see `Demuxer.readGroupStarts`.
   */
  readonly leads?: Float64Array | undefined
  /** What the muxer adds; by default an upper estimate. */
  readonly overhead?: (track: Track) => SegmentOverhead
  /** Where the way to decode the video changes: see `Demuxer.readGroupStarts`. */
  readonly changes?: readonly DescriptionChange[] | undefined
  /** The part of the film that is presented; all of it as a rule. */
  readonly clip?: Clip | undefined
  /**
   * The tracks that are encoded as they come out of the encoder, by id. One whose decision is to encode it and that
   * isn't here is left out.
   */
  readonly outputs?: ReadonlyMap<number, VideoTrack | AudioTrack> | undefined
}

/** Subtitles as WebVTT: a rendition with a segment of text for each of the film's. */
export interface TextRenditionPlan extends Extent {
  /** Unique in the presentation and safe in a path: `text-3`. */
  readonly name: string
  readonly track: TextTrack
}

/** A film as an HLS presentation, planned from its index alone. */
export interface PresentationPlan {
  readonly segments: SegmentPlan
  readonly timeline: Timeline
  /** Every track of the film, with what is done with it. */
  readonly decisions: readonly TrackDecision[]
  readonly renditions: readonly RatedRendition[]
  /** Ids of the tracks in them that are encoded, not copied. */
  readonly encoded: ReadonlySet<number>
  readonly texts: readonly TextRenditionPlan[]
  /** One for each codec of the sound; the one with the default sound first. */
  readonly variants: readonly VariantPlan[]
  /** EXT-X-TARGETDURATION of every playlist, s: the longest segment of all renditions, rounded. */
  readonly targetDuration: number
}

/**
 * Plans the presentation of a film: which tracks are in it, in which renditions, which segments those have, how long
 * these last and what bit rates they need.
 *
 * @throws CuemuxError `BAD_REQUEST` for a wrong target duration, `NO_KEYFRAME_INDEX`, `UNSUPPORTED_CODEC` where nothing
 *   can be played, or the reference video track can't be
 */
export function planPresentation(index: MediaIndex, options: PresentationOptions): PresentationPlan {
  const segments = planSegments(index, options)
  const decisions = decideTracks(index, options.client)
  const outputs = options.outputs ?? new Map<number, PlayableTrack>()
  const playable = playableTracks(index, decisions, outputs)
  const encoded = new Set(playable.filter(track => outputs.get(track.id) === track).map(({ id }) => id))
  const made: MediaIndex = { ...index, tracks: index.tracks.map(track => outputs.get(track.id) ?? track) }
  const bounds = segmentBoundsUs(made, segments, undefined, options.clip)
  const planned = planRenditions(made, segments, bounds, playable, options)
  let longestUs = 0
  for (const { durationsUs } of planned) for (const duration of durationsUs) longestUs = Math.max(longestUs, duration)
  const targetDuration = Math.max(1, Math.round(longestUs / US))
  const rated = planVariants(index, segments, planned, {
    targetDuration,
    defaultAudioId: chooseAudio(playable, options.audioLanguages)?.id,
    spanSizes: options.spanSizes ?? (() => undefined),
    overhead: options.overhead ?? defaultOverhead,
    encoded,
  })
  const texts = planTexts(decisions, planned)
  return {
    segments,
    timeline: planTimeline(made, options.clip),
    decisions,
    renditions: rated.renditions,
    encoded,
    texts,
    get variants() {
      return rated.variants
    },
    targetDuration,
  }
}

type PlayableTrack = VideoTrack | AudioTrack

/** The decision on every track: that of its codec, and that a film shows one video track. */
export function decideTracks(index: MediaIndex, client: ClientProfile): TrackDecision[] {
  return index.tracks.map(track => {
    if (track.kind === 'video' && track.id !== index.keyframes.trackId) {
      return { track, action: 'drop', reason: 'Only the first video track of a film is shown' }
    }
    return { track, ...onlyEncoded(index, track, decide(track, client)) }
  })
}

/** Nothing can be copied out of a container that only an encoder reads. */
function onlyEncoded({ foundBy }: MediaIndex, { kind }: Track, decision: Decision): Decision {
  if (foundBy !== 'probe' || decision.action !== 'copy' || kind === 'text') return decision
  const target = kind === 'video' ? 'h264' : 'aac'
  return { action: 'encode', target, reason: 'Only ffmpeg reads this container: its tracks need encoding' }
}

/** The tracks that are shown, as they come out: copied ones as they are, encoded ones as the encoder makes them. */
function playableTracks(
  index: MediaIndex,
  decisions: readonly TrackDecision[],
  outputs: ReadonlyMap<number, PlayableTrack>,
): PlayableTrack[] {
  const playable = decisions.flatMap(({ action, track }) => {
    const made = action === 'copy' ? track : action === 'encode' ? outputs.get(track.id) : undefined
    return made === undefined || made.kind === 'text' ? [] : [made]
  })
  const reference = decisions.find(({ track }) => track.id === index.keyframes.trackId)
  const pictureIsLost = reference?.track.kind === 'video' && !playable.some(({ id }) => id === reference.track.id)
  if (playable.length > 0 && !pictureIsLost) return playable
  const reasons = (pictureIsLost && reference ? [reference] : decisions).map(({ reason }) => reason)
  throw new CuemuxError(
    'UNSUPPORTED_CODEC',
    `The film can't be played by this client without encoding: ${reasons.join('; ') || 'it has no tracks'}.`,
  )
}

/** A rendition of text for each track of subtitles that becomes WebVTT, over all of the film. */
function planTexts(decisions: readonly TrackDecision[], renditions: readonly RenditionPlan[]): TextRenditionPlan[] {
  const [reference] = renditions
  if (reference === undefined) return []
  const { firstSegment, startUs, durationsUs } = reference
  return decisions.flatMap(({ track, action }) =>
    // Closed captions are told apart by channels, which only their samples show.
    track.kind === 'text' && action === 'encode' && track.codec !== 'c608'
      ? [{ name: `text-${track.id}`, track, firstSegment, startUs, durationsUs }]
      : [],
  )
}

/** The sound that plays when the viewer has no wish: of the first language that there is, else the film's default, else the first. */
function chooseAudio(tracks: readonly Track[], languages: readonly string[] = []): AudioTrack | undefined {
  const audio = tracks.filter((track): track is AudioTrack => track.kind === 'audio')
  const spoken = languages
    .map(language => language.toLowerCase())
    .map(wanted => audio.filter(({ language }) => `${language.toLowerCase()}-`.startsWith(`${wanted}-`)))
  const candidates = spoken.find(found => found.length > 0) ?? audio
  return candidates.find(track => track.isDefault) ?? candidates[0]
}

function planRenditions(
  index: MediaIndex,
  segments: SegmentPlan,
  bounds: Float64Array,
  playable: readonly PlayableTrack[],
  options: PresentationOptions,
): RenditionPlan[] {
  const { leads, clip } = options
  const video = playable.find(track => track.kind === 'video')
  const audio = playable.filter(track => track.kind === 'audio')
  const chosen = chooseAudio(audio, options.audioLanguages)
  const videoBounds = leads === undefined ? bounds : segmentBoundsUs(index, segments, leads, clip)
  const extent = (track: PlayableTrack): Extent =>
    extentWithin(
      index,
      track.kind === 'video' ? videoBounds : bounds,
      track,
      clip,
      options.outputs?.get(track.id) === track,
    )
  if (options.isMuxed && video && chosen) {
    return [{ name: `av-${video.id}-${chosen.id}`, kind: 'muxed', tracks: [video, chosen], ...extent(video) }]
  }
  const shown = video === undefined ? audio : [video, ...audio]
  return shown.map(track => ({
    name: `${track.kind}-${track.id}`,
    kind: track.kind,
    tracks: [track],
    ...extent(track),
  }))
}
