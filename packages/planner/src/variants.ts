import { type MediaIndex, rescale, type SpanSizes, type Track } from '@cuemux/core'
import { knownCodecString } from './decide.js'
import { US } from './extent.js'
import {
  addExactBytes,
  addRate,
  averageRate,
  peakRate,
  type SegmentOverhead,
  samplesPerSecond,
  type TrackRate,
  trackRate,
} from './rates.js'
import type { Bandwidth, RatedRendition, RenditionPlan } from './rendition.js'
import type { SegmentPlan } from './segments.js'
import { sourceSpanBytes } from './span-bytes.js'

/** One EXT-X-STREAM-INF: the picture with one group of sound, a muxed rendition, or sound alone. */
export interface VariantPlan extends Bandwidth {
  /** The rendition whose playlist it names. */
  readonly main: RatedRendition
  /** Name of its group of sound, as `audio-aac`; `undefined` without one. */
  readonly audioGroup: string | undefined
  /** The sound of that group, the default first. */
  readonly audio: readonly RatedRendition[]
  /** RFC 6381 strings of all in it, each once; what only a first sample tells is missing. */
  readonly codecs: readonly string[]
}

interface VariantInputs {
  readonly targetDuration: number
  readonly defaultAudioId: number | undefined
  readonly spanSizes: (trackId: number, cuts: Uint32Array) => SpanSizes | undefined
  readonly overhead: (track: Track) => SegmentOverhead
  /** Ids of the tracks that are encoded. */
  readonly encoded: ReadonlySet<number>
}

/** Containers put about this many bytes before a sample, which span sizes count already. */
const BLOCK_HEADER_BYTES = 7
/**
 * By how much a peak from the source's bytes is raised: the peaks of picture and sound need not coincide, and blocks may
 * be packed (header stripping, zlib).
 */
const ESTIMATE_MARGIN = 1.05
/** Peak of encoded pictures, of the mean: 1.15 for the peak rate, and a second's worth of buffer in a segment of six. */
const ENCODED_VIDEO_PEAK = 1.3

/** The rates of renditions, in their order. */
interface Rates {
  readonly bandwidths: readonly (Bandwidth | undefined)[]
  /** The source's bytes per span, where they had to tell. */
  readonly spanBytes: Float64Array | undefined
}

/**
 * Rates the renditions and groups them into variants: exactly where the index has sizes, else from byte offsets. Done when
 * a rate or a variant is first looked at: it takes longer than all else in a plan, and media playlists and segments need
 * none of it.
 */
export function planVariants(
  index: MediaIndex,
  plan: SegmentPlan,
  renditions: readonly RenditionPlan[],
  inputs: VariantInputs,
): { readonly renditions: readonly RatedRendition[]; readonly variants: readonly VariantPlan[] } {
  const rates = lazily(() => rateAll(index, plan, renditions, inputs))
  const rated = renditions.map(
    (rendition, i): RatedRendition => ({
      ...rendition,
      get peakBps() {
        return rates().bandwidths[i]?.peakBps ?? 0
      },
      get averageBps() {
        return rates().bandwidths[i]?.averageBps ?? 0
      },
    }),
  )
  const variants = lazily(() => groupVariants(index, rated, rates().spanBytes, inputs))
  return {
    renditions: rated,
    get variants() {
      return variants()
    },
  }
}

function lazily<T extends object>(work: () => T): () => T {
  let done: T | undefined
  return () => {
    done ??= work()
    return done
  }
}

function rateAll(
  index: MediaIndex,
  plan: SegmentPlan,
  renditions: readonly RenditionPlan[],
  inputs: VariantInputs,
): Rates {
  // The last span of those cuts goes to the film's end, which a clip may not.
  const cuts = plan.end < index.keyframes.count ? Uint32Array.from([...plan.cuts, plan.end]) : plan.cuts
  const exact = renditions.map(rendition => rateExactly(rendition, cuts, inputs))
  const spanBytes = exact.includes(undefined) ? sourceSpanBytes(index, plan) : undefined
  if (spanBytes === undefined) return { bandwidths: exact, spanBytes }
  const bandwidths = renditions.map(rendition => rateOfSpans(index, rendition, [], spanBytes, inputs))
  return { bandwidths, spanBytes }
}

function groupVariants(
  index: MediaIndex,
  rated: readonly RatedRendition[],
  spanBytes: Float64Array | undefined,
  inputs: VariantInputs,
): VariantPlan[] {
  const main = rated.find(({ kind }) => kind !== 'audio')
  const groups = groupByCodec(
    rated.filter(({ kind }) => kind === 'audio'),
    inputs.defaultAudioId,
  )
  if (main === undefined) return groups.flatMap(soundVariant)
  if (groups.length === 0) return [variant(main, [], main)]
  return groups.map(group => {
    const heaviest = group.reduce((most, one) => (one.peakBps > most.peakBps ? one : most))
    // The source's bytes say nothing of what an encoder makes.
    const isCopied = main.tracks.some(({ id }) => !inputs.encoded.has(id))
    if (spanBytes && isCopied) {
      return variant(main, group, rateOfSpans(index, main, heaviest.tracks, spanBytes, inputs))
    }
    return variant(main, group, {
      peakBps: main.peakBps + heaviest.peakBps,
      averageBps: main.averageBps + highest(group, 'averageBps'),
    })
  })
}

/** A film without picture: the group's first sound is the variant; the others, if any, are its choices. */
function soundVariant(group: readonly RatedRendition[]): VariantPlan[] {
  const [main] = group
  if (main === undefined) return []
  const bandwidth = { peakBps: highest(group, 'peakBps'), averageBps: highest(group, 'averageBps') }
  return [variant(main, group.length > 1 ? group : [], bandwidth)]
}

function variant(main: RatedRendition, audio: readonly RatedRendition[], bandwidth: Bandwidth): VariantPlan {
  const codecs = [main, ...audio].flatMap(({ tracks }) => tracks.flatMap(track => knownCodecString(track) ?? []))
  const codec = audio[0]?.tracks[0]?.codec
  return {
    main,
    audioGroup: codec === undefined ? undefined : `audio-${codec}`,
    audio,
    codecs: [...new Set(codecs)],
    peakBps: Math.ceil(bandwidth.peakBps),
    averageBps: Math.ceil(bandwidth.averageBps),
  }
}

function highest(group: readonly RatedRendition[], rate: 'peakBps' | 'averageBps'): number {
  return group.reduce((most, rendition) => Math.max(most, rendition[rate]), 0)
}

/** Sound by codec, in the film's order but for the default, which is first in its group, and its group first. */
function groupByCodec(audio: readonly RatedRendition[], defaultId: number | undefined): RatedRendition[][] {
  const groups = new Map<string, RatedRendition[]>()
  const isDefault = (rendition: RatedRendition): boolean => rendition.tracks[0]?.id === defaultId
  for (const rendition of [...audio.filter(isDefault), ...audio.filter(one => !isDefault(one))]) {
    const codec = rendition.tracks[0]?.codec ?? 'unknown'
    const group = groups.get(codec)
    if (group) group.push(rendition)
    else groups.set(codec, [rendition])
  }
  return [...groups.values()]
}

function rateExactly(rendition: RenditionPlan, cuts: Uint32Array, inputs: VariantInputs): Bandwidth | undefined {
  const bytes = new Float64Array(rendition.durationsUs.length)
  for (const track of rendition.tracks) {
    if (inputs.encoded.has(track.id)) {
      addRate(bytes, rendition.durationsUs, trackRate(track).bps)
      continue
    }
    const sizes = inputs.spanSizes(track.id, cuts)
    if (sizes === undefined) return undefined
    addExactBytes(bytes, sizes, rendition.firstSegment, inputs.overhead(track))
  }
  const factor = encodedPeak(rendition.tracks, inputs)
  return {
    peakBps: Math.ceil(peakRate(bytes, rendition.durationsUs, inputs.targetDuration) * factor),
    averageBps: Math.ceil(averageRate(bytes, rendition.durationsUs)),
  }
}

/**
 * The rates of a rendition with the sound that goes with it, from the source's bytes per span: all of them, less what the
 * tracks that are not in it surely take. A track of stated or usual rate that is alone in an audio rendition has that.
 */
function rateOfSpans(
  index: MediaIndex,
  rendition: RenditionPlan,
  sound: readonly Track[],
  spanBytes: Float64Array,
  inputs: VariantInputs,
): Bandwidth {
  const carried = [...rendition.tracks, ...sound]
  const encoded = carried.filter(({ id }) => inputs.encoded.has(id))
  const inside = carried.filter(({ id }) => !inputs.encoded.has(id))
  const outside = index.tracks.filter(track => !inside.some(({ id }) => id === track.id))
  const encodedBps = encoded.reduce((bps, track) => bps + trackRate(track).bps, 0)
  const added = carried.reduce((bps, track) => bps + overheadBps(track, inputs), encodedBps)
  if (inside.length === 0) {
    const factor = encodedPeak(carried, inputs)
    return { peakBps: Math.ceil(added * factor), averageBps: Math.ceil(added) }
  }
  const alone = rendition.kind === 'audio' ? rendition.tracks[0] : undefined
  if (alone && outside.some(track => track.kind !== 'text')) {
    const rate = trackRate(alone).bps + added
    return { peakBps: Math.ceil(rate * ESTIMATE_MARGIN), averageBps: Math.ceil(rate) }
  }
  const segments = rendition.durationsUs.length
  const own = spanBytes.subarray(rendition.firstSegment, rendition.firstSegment + segments)
  // Of what lasts through a part of the film only, its mean over all of it is taken off, and nothing of a peak.
  const parts = outside.map(track => coveredPart(track, rendition))
  const takeOff = (key: keyof TrackRate): number =>
    outside.reduce((bps, track, i) => {
      const part = parts[i] ?? 1
      return bps + trackRate(track)[key] * (key === 'bps' || part === 1 ? part : 0)
    }, 0)
  const stated = inside.map(track => track.bitrateBps)
  const averageBps = stated.every(bps => bps !== undefined && bps > 0)
    ? stated.reduce<number>((total, bps) => total + (bps ?? 0), added)
    : averageRate(own, rendition.durationsUs) - takeOff('bps') + added
  const peakBps = peakRate(own, rendition.durationsUs, inputs.targetDuration) - takeOff('leastBps') + added
  const average = Math.max(1, Math.ceil(averageBps))
  return { peakBps: Math.max(average, Math.ceil(peakBps * ESTIMATE_MARGIN)), averageBps: average }
}

/** A track that is missing for less than this part of a rendition lasts all through it. */
const WHOLE_PART = 0.98

/** Which part of a rendition's time a track lasts, as far as that is known: 1 for all of it. */
function coveredPart({ start, end, timescale }: Track, { startUs, durationsUs }: RenditionPlan): number {
  const lengthUs = durationsUs.reduce((sum, durationUs) => sum + durationUs, 0)
  if (lengthUs <= 0) return 1
  const from = start === undefined ? startUs : Math.max(startUs, rescale(start, timescale, US))
  const to = end === undefined ? startUs + lengthUs : Math.min(startUs + lengthUs, rescale(end, timescale, US))
  const part = Math.max(0, to - from) / lengthUs
  return part >= WHOLE_PART ? 1 : part
}

/** By how much a peak lies above the mean of what an encoder makes: pictures have a buffer of a second to spend. */
function encodedPeak(tracks: readonly Track[], { encoded }: VariantInputs): number {
  const made = tracks.filter(({ id }) => encoded.has(id))
  if (made.length === 0) return 1
  return made.some(({ kind }) => kind === 'video') ? ENCODED_VIDEO_PEAK : ESTIMATE_MARGIN
}

/** What our muxer adds to a track beyond what the source's container has, bits/s. */
function overheadBps(track: Track, { overhead, targetDuration }: VariantInputs): number {
  if (track.kind === 'text') return 0
  const { segmentBytes, sampleBytes } = overhead(track)
  const perSample = Math.max(0, sampleBytes - BLOCK_HEADER_BYTES)
  return 8 * (segmentBytes / Math.max(0.5, targetDuration / 2) + perSample * samplesPerSecond(track))
}
