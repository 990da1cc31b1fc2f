import { type ByteSource, CuemuxError, type Demuxer, type GroupStart, type VideoTrack } from '@cuemux/core'
import {
  type ClientProfile,
  type Clip,
  decideTracks,
  type PresentationPlan,
  planClip,
  planPresentation,
  planSegments,
  resolveClient,
} from '@cuemux/planner'
import { findChanges } from './changes.js'
import { withConfigurations } from './client.js'
import { openEncodings } from './encoding/open-encodings.js'
import type { EncoderService, EncodingRequest, TrackEncoding } from './encoding/service.js'
import { withBounds } from './extents.js'
import { lookAtGroups, lookAtKeyframe } from './groups.js'
import type { HlsOptions } from './hls-options.js'
import { withMeasuredRates } from './measured-rates.js'
import { fromFirstPeriod } from './periods.js'

/** A film with all that its renditions are made by. */
export interface PlannedFilm {
  readonly source: ByteSource
  readonly demuxer: Demuxer
  readonly client: ClientProfile
  readonly plan: PresentationPlan
  /** Every segment can be decoded without the one before. */
  readonly isIndependent: boolean
  readonly clip: Clip | undefined
  /** The sample entry in which parameter sets may change in band, where the film's change and the client plays it. */
  readonly inBandEntry: 'avc3' | 'hev1' | undefined
  /** Numbers of the segments before which the way to decode changes, unless that is in band. */
  readonly discontinuities: ReadonlySet<number>
  /** What is left out of pictures that are copied. */
  readonly dropNalUnits: readonly ('aud' | 'filler')[]
  /** Where captions are looked for. */
  readonly captions: NonNullable<HlsOptions['captions']>
  /** The captions that a keyframe carries data for; `undefined` where none was looked at. */
  readonly captionData: NonNullable<GroupStart['captions']> | 'none' | undefined
  /** The tracks that are encoded, by id. */
  readonly encodings: ReadonlyMap<number, TrackEncoding>
  /** Where the encoders' samples come from, once somebody reads the film. */
  readonly samples: SampleHolder
}

/** The encoders are opened before the film's samples can be read. */
interface SampleHolder {
  readSegment: EncodingRequest['readSegment']
}

const DEFAULT_SEGMENT_MS = 6000

/**
 * Plans the presentation of a film: from its index, and small reads where only the media tells.
 *
 * @throws CuemuxError `UNSUPPORTED_CODEC` where nothing can be played, `ENCODER_MISSING` where that needs an encoder
 */
export async function planFilm(
  source: ByteSource,
  demuxer: Demuxer,
  options: HlsOptions,
  encoder: EncoderService | undefined,
): Promise<PlannedFilm> {
  const client = resolveClient(options.client)
  const bounded = withBounds(demuxer.index)
  const clip = planClip(bounded, options.startMs, options.endMs)
  const targetDurationMs = options.segmentDurationMs ?? DEFAULT_SEGMENT_MS
  const decisions = decideTracks(bounded, client)
  const copied = decisions.filter(({ action }) => action === 'copy').map(({ track }) => track)
  const video = copied.find((track): track is VideoTrack => track.kind === 'video')
  const { cuts } = planSegments(bounded, { targetDurationMs, clip })
  const look = await lookAtKeyframe(demuxer, cuts, source.seekCostBytes, video !== undefined)
  const found = video === undefined ? [] : await findChanges(demuxer, cuts, source.seekCostBytes, look)
  const segments = planSegments(bounded, { targetDurationMs, clip, changes: found })
  const samples: SampleHolder = {
    readSegment: () => Promise.reject(new CuemuxError('ENCODER_FAILED', 'The film is not read yet.')),
  }
  const readSegment: EncodingRequest['readSegment'] = (n, id, signal) => samples.readSegment(n, id, signal)
  const request = { source, demuxer, client, segments, clip, readSegment }
  const encodings = await openEncodings(decisions, encoder, request)
  const groups = await lookAtGroups(demuxer, segments.cuts, source.seekCostBytes, look)
  const complete = await withConfigurations(demuxer, new Set(copied.map(({ id }) => id)), {})
  const { index: configured, changes } = fromFirstPeriod({ index: complete, changes: found }, segments)
  const index = await withMeasuredRates(
    demuxer,
    configured,
    ({ id }) => copied.some(track => track.id === id),
    source.seekCostBytes,
  )
  const plan = planPresentation(withBounds(index), {
    targetDurationMs,
    client,
    isMuxed: options.muxed ?? false,
    audioLanguages: options.audioLanguages,
    spanSizes: demuxer.spanSizes.bind(demuxer),
    clip,
    changes,
    leads: video === undefined ? undefined : groups.leads,
    outputs: new Map(Array.from(encodings, ([id, { track }]) => [id, track])),
  })
  // What is chosen unless somebody chooses otherwise.
  const [preferred] = encodings.size === 0 ? [] : plan.variants
  for (const { id } of [...(preferred?.main.tracks ?? []), ...(preferred?.audio[0]?.tracks ?? [])]) {
    encodings.get(id)?.warm?.()
  }
  const inBandEntry = changes.length === 0 ? undefined : inBandEntryFor(video, client)
  const later = inBandEntry === undefined ? plan.segments.periods.slice(1) : []
  const discontinuities = new Set(later.map(({ firstSegment }) => firstSegment))
  const isIndependent = video === undefined || groups.areClosed
  const { dropNalUnits = [], captions = 'auto' } = options
  return {
    source,
    demuxer,
    client,
    plan,
    isIndependent,
    clip,
    inBandEntry,
    discontinuities,
    encodings,
    samples,
    dropNalUnits,
    captions,
    captionData: look === undefined ? undefined : (look.captions ?? 'none'),
  }
}

/** `avc3` or `hev1` where a client's list names it: it takes parameter sets in the samples. */
function inBandEntryFor(video: VideoTrack | undefined, client: ClientProfile): 'avc3' | 'hev1' | undefined {
  const entry = video?.codec === 'h264' ? 'avc3' : video?.codec === 'hevc' ? 'hev1' : undefined
  const isListed = client.capabilities?.some(name => name.split('.')[0] === entry) ?? false
  return isListed ? entry : undefined
}
