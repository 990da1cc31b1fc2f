import { type AudioTrack, rescale, type VideoTrack } from '@cuemux/core'
import { type RatedRendition, supplementalCodecs, type TextRenditionPlan } from '@cuemux/planner'
import {
  type DashAudio,
  type DashPeriod,
  type DashRendition,
  type DashRole,
  type DashText,
  type DashVideo,
  writeMpd,
} from '@cuemux/playlist'
import { initName } from '../periods.js'
import type { PlannedFilm } from '../planned-film.js'
import type { MediaRendition, SegmentTimes } from '../renditions/media.js'
import { WHOLE_TEXT } from '../renditions/text.js'

const US = 1_000_000

/** A rendition with its segments' times. */
interface Timed {
  readonly rendition: RatedRendition
  readonly times: SegmentTimes
}

/**
 * `manifest.mpd`: the same segments for DASH players, a Period for each stretch of one way to decode. Packed audio has no
 * place in it. Text is one file for each track.
 *
 * @param query put behind each address
 */
export async function manifestDocument(
  film: PlannedFilm,
  media: readonly MediaRendition[],
  query: string | undefined,
): Promise<string> {
  const shown = media.filter(({ isPacked }) => !isPacked)
  const timed = await Promise.all(shown.map(async one => ({ rendition: one.plan, times: await one.segmentTimes() })))
  const { segments, timeline } = film.plan
  const boundsUs = periodBounds(film)
  const zeroUs = rescale(timeline.zero.ticks, timeline.zero.timescale, US)
  const stretches = film.inBandEntry === undefined ? segments.periods : segments.periods.slice(0, 1)
  const periods = stretches.map(({ firstSegment }, i): DashPeriod => {
    const endSegment = stretches[i + 1]?.firstSegment ?? segments.cuts.length
    const startUs = i === 0 ? 0 : (boundsUs[firstSegment] ?? 0) - zeroUs
    const endUs = (boundsUs[endSegment] ?? 0) - zeroUs
    const part = { film, period: i, firstSegment, endSegment, startUs }
    return {
      startUs,
      durationUs: endUs - startUs,
      video: timed.flatMap(one => videoOf(one, part)),
      audio: timed.flatMap(one => audioOf(one, part)),
      // Its times are those of the first period.
      text: stretches.length === 1 ? film.plan.texts.map(textOf) : [],
    }
  })
  const durationUs = (boundsUs[segments.cuts.length] ?? 0) - zeroUs
  return writeMpd({ durationUs, title: film.demuxer.index.title, query, periods })
}

/** Where each segment begins, and the last one ends, µs on the film's clock. */
function periodBounds({ plan }: PlannedFilm): Float64Array {
  const [reference] = plan.renditions
  const bounds = new Float64Array(plan.segments.cuts.length + 1)
  bounds[0] = reference?.startUs ?? 0
  reference?.durationsUs.forEach((durationUs, n) => {
    bounds[n + 1] = (bounds[n] ?? 0) + durationUs
  })
  return bounds
}

interface Part {
  readonly film: PlannedFilm
  readonly period: number
  readonly firstSegment: number
  readonly endSegment: number
  /** Start of the period, µs from the film's zero. */
  readonly startUs: number
}

/** What all renditions have; nothing for one that has no segments in the period. */
function common({ rendition, times }: Timed, part: Part): DashRendition | undefined {
  const { film, period, firstSegment, endSegment, startUs } = part
  const from = Math.max(0, firstSegment - times.firstSegment)
  const to = Math.min(times.starts.length, endSegment - times.firstSegment)
  if (from >= to) return undefined
  const { presentationOffset } = film.plan.timeline
  const { timescale } = times
  const offset = rescale(presentationOffset.ticks, presentationOffset.timescale, timescale)
  const codecs = rendition.tracks.flatMap(track => periodCodec(track, part) ?? [])
  return {
    id: rendition.name,
    codecs: codecs.join(','),
    bandwidthBps: rendition.peakBps,
    timeline: {
      timescale,
      presentationTimeOffset: offset + rescale(startUs, US, timescale),
      startNumber: times.firstSegment + from,
      starts: times.starts.subarray(from, to),
      durations: times.durations.subarray(from, to),
    },
    initialization: `$RepresentationID$/${rendition.kind === 'audio' ? initName(0) : initName(period)}`,
  }
}

function periodCodec(track: VideoTrack | AudioTrack, { film, period }: Part): string | undefined {
  const own = track.kind === 'video' ? film.plan.segments.periods[period]?.description : undefined
  return (own ?? track.descriptions[0]).codecString
}

function videoOf(timed: Timed, part: Part): DashVideo[] {
  const track = timed.rendition.tracks.find(one => one.kind === 'video')
  const facts = track === undefined ? undefined : common(timed, part)
  if (track === undefined || facts === undefined) return []
  const description = part.film.plan.segments.periods[part.period]?.description
  const colour = track.colour
  return [
    {
      ...facts,
      width: description?.width ?? track.width,
      height: description?.height ?? track.height,
      frameRate: frameRate(track),
      pixelAspect: track.pixelAspect,
      isInterlaced: track.interlaced,
      isOpenGop: !part.film.isIndependent,
      supplementalCodecs: supplementalCodecs(track)?.[0],
      ...(colour === undefined ? {} : { colour, isColourEssential: colour.transfer === 16 || colour.transfer === 18 }),
    },
  ]
}

/** Frames per second as a fraction; of a varying rate the mean. */
function frameRate({ frameDuration, timescale, frameRate: mean }: VideoTrack): readonly [number, number] | undefined {
  if (frameDuration === undefined) return mean === undefined ? undefined : [Math.max(1, Math.round(mean * 1000)), 1000]
  const divisor = greatestCommonDivisor(timescale, frameDuration)
  return [timescale / divisor, frameDuration / divisor]
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b]
  return a
}

function audioOf(timed: Timed, part: Part): DashAudio[] {
  const [track] = timed.rendition.tracks
  const facts = track?.kind === 'audio' ? common(timed, part) : undefined
  if (track?.kind !== 'audio' || facts === undefined) return []
  const { defaultAudioId } = { defaultAudioId: part.film.plan.variants[0]?.audio[0]?.tracks[0]?.id ?? track.id }
  const role: DashRole = track.roles.includes('commentary')
    ? 'commentary'
    : track.id === defaultAudioId
      ? 'main'
      : 'alternate'
  return [
    {
      ...facts,
      language: track.language,
      label: track.title,
      roles: [role],
      accessibility: track.roles.includes('visual-impaired') ? ['visual-impaired'] : undefined,
      sampleRate: track.sampleRate,
      channels: track.channels,
      hasJoc: track.hasJoc,
    },
  ]
}

function textOf({ name, track }: TextRenditionPlan): DashText {
  return {
    id: name,
    uri: `${name}/${WHOLE_TEXT}`,
    language: track.language,
    label: track.title,
    roles: [track.isForced ? 'forced-subtitle' : 'subtitle'],
    accessibility: track.roles.includes('hearing-impaired') ? ['hearing-impaired'] : undefined,
  }
}
