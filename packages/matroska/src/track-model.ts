import type { TextTrack, Track, TrackBase } from '@cuemux/core'
import { buildAudioTrack } from './audio-track.js'
import { createClock } from './clock.js'
import { codecOfId } from './codec-ids.js'
import type { ContentEncoding } from './encodings.js'
import type { TrackFormat } from './format.js'
import { languageTag } from './languages.js'
import type { TrackStatistics } from './tags.js'
import type { TrackEntry } from './track-entry.js'
import { buildVideoTrack } from './video-track.js'

/** A track and what its demuxing needs. */
export interface TrackWithFormat {
  readonly track: Track
  readonly format: TrackFormat
}

/** What the rest of the index tells about a track. */
export interface FilmContext {
  /** Nanoseconds in a container tick. */
  readonly timestampScale: number
  /** The film's length by Info, nanoseconds. */
  readonly durationNs: number | undefined
  /** By TrackUID. */
  readonly statistics: ReadonlyMap<string, TrackStatistics>
}

/** The fields that all kinds of tracks have, but for their timescale and descriptions. */
export type CommonFields = Omit<TrackBase, 'timescale' | 'descriptions' | 'start' | 'end'>

/** Turns a TrackEntry into a track; `undefined` for one that is neither picture, sound nor text. */
export function buildTrack(entry: TrackEntry, film: FilmContext): TrackWithFormat | undefined {
  const found = codecOfId(entry.type, entry.codecId, entry.codecPrivate)
  if (found === undefined) return undefined
  const statistics = film.statistics.get(entry.uid)
  const common: CommonFields = {
    id: entry.number,
    containerCodec: entry.codecId,
    language: languageTag(entry.bcp47, entry.language),
    title: entry.title,
    isDefault: entry.isDefault,
    isForced: entry.isForced,
    roles: entry.roles,
    bitrateBps: statistics?.bitrateBps,
    sampleCount: statistics?.frameCount,
  }
  if (found.kind === 'video') return buildVideoTrack(entry, found.codec, common, film)
  if (found.kind === 'audio') return buildAudioTrack(entry, found.codec, common, film)
  const timescale = tickRate(film.timestampScale)
  const track: TextTrack = {
    ...common,
    kind: 'text',
    codec: found.codec,
    timescale,
    descriptions: [{ config: entry.codecPrivate, codecString: undefined }],
    start: undefined,
    end: undefined,
  }
  // The first text may lie anywhere: nothing is read to find its time.
  const format = { ...formatOfEntry(entry, timescale, film), needsFirstFrame: false, anchorTicks: 0 }
  return { track: { ...track, end: endOf(track, format, film.timestampScale) }, format }
}

/** The format data that all kinds of tracks begin with; the grid and the first frame are still to be found. */
export function formatOfEntry(entry: TrackEntry, timescale: number, film: FilmContext): TrackFormat {
  const statistics = film.statistics.get(entry.uid)
  const isVideo = entry.type === 1
  return {
    trackId: entry.number,
    anchorTicks: undefined,
    gridTicks: 0,
    defaultDuration: (entry.defaultDurationNs * timescale) / 1e9,
    delay: Math.round((entry.codecDelayNs * timescale) / 1e9),
    needsFirstFrame: true,
    // The film's length is that of its picture as a rule; sound may end earlier, or be what goes on.
    endNs: statistics?.durationNs ?? (isVideo ? film.durationNs : undefined),
    endIsLength: statistics?.durationNs !== undefined && statistics.isLength,
    encodings: entry.encodings.frames,
  }
}

/** CodecPrivate with its header stripping undone; empty where it is compressed or encrypted. */
export function plainCodecPrivate(entry: TrackEntry): Uint8Array {
  let bytes = entry.codecPrivate
  for (const encoding of entry.encodings.codecPrivate) {
    if (encoding.kind !== 'strip') return new Uint8Array(0)
    bytes = stripUndone(encoding.prefix, bytes)
  }
  return bytes
}

function stripUndone(prefix: Uint8Array, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(prefix.length + bytes.length)
  whole.set(prefix)
  whole.set(bytes, prefix.length)
  return whole
}

/** A frame with its header stripping undone; `undefined` where it needs more than that. */
export function plainFrame(encodings: readonly ContentEncoding[], frame: Uint8Array): Uint8Array | undefined {
  let bytes = frame
  for (const encoding of encodings) {
    if (encoding.kind !== 'strip') return undefined
    bytes = stripUndone(encoding.prefix, bytes)
  }
  return bytes
}

/** Container ticks per second where that is a whole number, else 90000. */
export function tickRate(timestampScale: number): number {
  const rate = 1e9 / timestampScale
  return Number.isInteger(rate) ? rate : 90_000
}

/** A track whose first block's timestamp is known: its start and its end follow from it. */
export function withAnchor(pair: TrackWithFormat, anchorTicks: number, timestampScale: number): TrackWithFormat {
  const format: TrackFormat = { ...pair.format, anchorTicks }
  const clock = createClock(format, pair.track.timescale, timestampScale)
  const priming = pair.track.kind === 'audio' ? pair.track.priming : 0
  const start = clock.presentationTime(anchorTicks, 0) + priming
  return { format, track: { ...pair.track, start, end: endOf(pair.track, format, timestampScale) } }
}

/**
 * Presentation time of the track's end as the container says it, on the track's grid where it is meant. Muxers may count
 * only a part of the last frame of sound: the end is right to within that frame.
 */
function endOf(track: Track, format: TrackFormat, timestampScale: number): number | undefined {
  const { endNs, anchorTicks, gridTicks, delay } = format
  if (endNs === undefined) return undefined
  const said = (endNs * track.timescale) / 1e9
  // A length from a beginning that isn't known says nothing yet; that of text never is.
  if (anchorTicks === undefined || track.kind === 'text')
    return format.endIsLength ? undefined : Math.round(said) - delay
  const anchor = Math.round((anchorTicks * timestampScale * track.timescale) / 1e9)
  const tick = (timestampScale * track.timescale) / 1e9
  const end = format.endIsLength ? said + anchor : said
  if (gridTicks === 0 || end <= anchor) return Math.round(end) - delay
  const snapped = anchor + Math.round((end - anchor) / gridTicks) * gridTicks
  return (Math.abs(snapped - end) <= 2 * tick + 1 ? snapped : Math.round(end)) - delay
}
