import { forEachChild, readText, readUid, readUint } from './ebml.js'
import { Id } from './elements.js'

/** What Tags says of one track (by TagTrackUID). */
export interface TrackStatistics {
  /** BPS, bits per second. */
  readonly bitrateBps: number | undefined
  /** DURATION, nanoseconds. */
  readonly durationNs: number | undefined
  /** NUMBER_OF_FRAMES. */
  readonly frameCount: number | undefined
  /**
   * Whether DURATION is the track's length from its first timestamp (mkvmerge, which signs its statistics) rather
   * than the time at which it ends (libavformat).
   */
  readonly isLength: boolean
}

/** The Tags that Cuemux uses (RFC 9559 §5.1.8). */
export interface FilmTags {
  readonly title: string | undefined
  /** By TrackUID in hexadecimal. */
  readonly statistics: ReadonlyMap<string, TrackStatistics>
}

/** Target type of a whole film or episode (RFC 9559 §5.1.8.1.1.1). */
const TARGET_FILM = 50
const MAX_TAGS = 10_000

/** Reads Tags' payload; what is damaged is left out. */
export function readTags(bytes: Uint8Array, start: number, end: number): FilmTags {
  let title: string | undefined
  const statistics = new Map<string, TrackStatistics>()
  let count = 0
  forEachChild(
    bytes,
    start,
    end,
    (id, from, to) => {
      if (id !== Id.Tag || count++ >= MAX_TAGS) return
      const tag = readTag(bytes, from, to)
      if (tag.trackUids.length === 0) {
        if (tag.targetType >= TARGET_FILM || title === undefined) title = tag.values.get('TITLE') ?? title
        return
      }
      for (const uid of tag.trackUids) statistics.set(uid, mergeStatistics(statistics.get(uid), tag.values))
    },
    true,
  )
  return { title, statistics }
}

function readTag(bytes: Uint8Array, start: number, end: number) {
  const trackUids: string[] = []
  const values = new Map<string, string>()
  let targetType = TARGET_FILM
  let targetsOther = false
  forEachChild(
    bytes,
    start,
    end,
    (id, from, to) => {
      if (id === Id.SimpleTag) {
        const { name, value } = readSimpleTag(bytes, from, to)
        if (values.size < MAX_TAGS && !values.has(name)) values.set(name, value)
      } else if (id === Id.Targets) {
        forEachChild(
          bytes,
          from,
          to,
          (child, childStart, childEnd) => {
            if (child === Id.TagTrackUID) trackUids.push(readUid(bytes, childStart, childEnd))
            else if (child === Id.TargetTypeValue) targetType = readUint(bytes, childStart, childEnd)
            else if (child === Id.TagChapterUID || child === Id.TagAttachmentUID) targetsOther = true
          },
          true,
        )
      }
    },
    true,
  )
  if (targetsOther) values.clear()
  return { trackUids: trackUids.filter(uid => uid !== ''), values, targetType }
}

function readSimpleTag(bytes: Uint8Array, start: number, end: number): { name: string; value: string } {
  let name = ''
  let value = ''
  forEachChild(
    bytes,
    start,
    end,
    (id, from, to) => {
      if (id === Id.TagName) name = readText(bytes, from, to).toUpperCase()
      else if (id === Id.TagString) value = readText(bytes, from, to)
    },
    true,
  )
  return { name, value }
}

function mergeStatistics(old: TrackStatistics | undefined, values: ReadonlyMap<string, string>): TrackStatistics {
  const isSigned = values.has('_STATISTICS_WRITING_APP') || values.has('_STATISTICS_TAGS')
  return {
    bitrateBps: positive(values.get('BPS')) ?? old?.bitrateBps,
    durationNs: parseDuration(values.get('DURATION')) ?? old?.durationNs,
    frameCount: positive(values.get('NUMBER_OF_FRAMES')) ?? old?.frameCount,
    isLength: isSigned || (old?.isLength ?? false),
  }
}

function positive(text: string | undefined): number | undefined {
  const value = text === undefined ? Number.NaN : Number(text.trim())
  return Number.isFinite(value) && value > 0 && value < 1e15 ? Math.round(value) : undefined
}

/** `HH:MM:SS.nnnnnnnnn` as nanoseconds. */
function parseDuration(text: string | undefined): number | undefined {
  const match = text === undefined ? null : /^\s*(\d{1,5}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9}))?/.exec(text)
  if (match === null) return undefined
  const [, hours = '0', minutes = '0', seconds = '0', fraction = ''] = match
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  const durationNs = whole * 1e9 + Number(fraction.padEnd(9, '0'))
  return durationNs > 0 ? durationNs : undefined
}
