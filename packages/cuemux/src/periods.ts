import { withParameterSets } from '@cuemux/codecs'
import { isSameDescription, type MediaIndex, type SampleBatch, type Track, type VideoTrack } from '@cuemux/core'
import { type DescriptionChange, type PresentationPlan, periodOf, type SegmentPlan } from '@cuemux/planner'
import type { PlayableTrack } from './client.js'
import type { PlannedFilm } from './planned-film.js'

/** A film's index, and where the way to decode its video changes. */
export interface ChangingFilm {
  readonly index: MediaIndex
  readonly changes: readonly DescriptionChange[]
}

/** The film as a clip of it shows it: where that begins in a later stretch, the video's description is that stretch's. */
export function fromFirstPeriod({ index, changes }: ChangingFilm, { periods: [first] }: SegmentPlan): ChangingFilm {
  const { description } = first
  const { trackId } = index.keyframes
  const own = index.tracks.find(({ id }) => id === trackId)
  if (description === undefined || own === undefined) return { index, changes }
  const { width, height } = description
  const size = { ...(width === undefined ? {} : { width }), ...(height === undefined ? {} : { height }) }
  const begun = (track: Track): Track =>
    track.id === trackId && track.kind === 'video' ? { ...track, ...size, descriptions: [description] } : track
  return {
    index: { ...index, tracks: index.tracks.map(begun) },
    changes: changes.map(change => ({
      ...change,
      description: isSameDescription(change.description, description)
        ? undefined
        : (change.description ?? own.descriptions[0]),
    })),
  }
}

/** Name of the init segment of a period. */
export function initName(period: number): string {
  return period === 0 ? 'init.mp4' : `init-${period}.mp4`
}

/** Names of a picture's init segments, by period: one unless the way to decode it changes, and not in band. */
export function pictureInits({ plan, inBandEntry }: Pick<PlannedFilm, 'plan' | 'inBandEntry'>): string[] {
  return inBandEntry === undefined ? plan.segments.periods.map((_, period) => initName(period)) : [initName(0)]
}

/**
 * A track as it is decoded in a period: with one description where the film has several periods, else with all that the
 * container has for it.
 */
export function trackInPeriod(track: PlayableTrack, plan: PresentationPlan, period: number): PlayableTrack {
  const { periods } = plan.segments
  if (track.kind !== 'video' || periods.length === 1) return track
  const description = periods[period]?.description ?? track.descriptions[0]
  const { width = track.width, height = track.height } = description
  const shown: VideoTrack = { ...track, width, height, descriptions: [description] }
  return shown
}

/** A batch of segment n for an init segment of {@link trackInPeriod}, which may have one description of several only. */
export function batchInPeriod(batch: SampleBatch, track: PlayableTrack, plan: PresentationPlan): SampleBatch {
  const hasOne = track.kind === 'video' && (track.descriptions.length === 1 || plan.segments.periods.length > 1)
  return hasOne && batch.descriptionIndex !== 0 ? { ...batch, descriptionIndex: 0 } : batch
}

/** A batch of segment n with the parameter sets that decode it in its first sample, for a sample entry that allows it. */
export function batchWithSets(
  batch: SampleBatch,
  track: PlayableTrack,
  plan: PresentationPlan,
  n: number,
): SampleBatch {
  const { periods } = plan.segments
  const [first, ...others] = batch.data
  const { codec } = track
  if (periods.length === 1 || first === undefined || (codec !== 'h264' && codec !== 'hevc')) return batch
  const { config } = periods[periodOf(plan.segments, n)]?.description ?? track.descriptions[0]
  const sample = withParameterSets(codec, config, first)
  const size = Uint32Array.from(batch.size)
  size[0] = sample.byteLength
  return { ...batch, descriptionIndex: 0, size, data: [sample, ...others] }
}
