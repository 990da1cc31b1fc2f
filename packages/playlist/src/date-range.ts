import type { Attributes } from './attribute-reader.js'
import { enumerated, maybeQuoted, maybeSeconds, quoted, quotedList, tagLine } from './attributes.js'
import type { Chapter } from './chapters.js'
import { dateText, readDate } from './date.js'

/** EXT-X-DATERANGE (RFC 8216bis §4.4.5.1): a range of the programme's dates, and what is said of it. */
export interface DateRange {
  /** Unique in the playlist. */
  readonly id: string
  /** Ranges of one class mean the same things by their attributes. */
  readonly class?: string | undefined
  /** ms since 1970; the programme's dates are those of EXT-X-PROGRAM-DATE-TIME. */
  readonly startDateMs: number
  readonly endDateMs?: number | undefined
  readonly durationUs?: number | undefined
  readonly plannedDurationUs?: number | undefined
  /** It ends where the next one of its class starts. */
  readonly endsOnNext?: boolean | undefined
  /** Triggers, as `PRE`, `POST`, `ONCE`. */
  readonly cue?: readonly string[] | undefined
  /** SCTE-35 splice commands, as `0x` and hexadecimal digits. */
  readonly scte35Cmd?: string | undefined
  readonly scte35Out?: string | undefined
  readonly scte35In?: string | undefined
  /** The client's own attributes by name, `X-…`: texts, numbers, and `0x` with hexadecimal digits. */
  readonly attributes?: Readonly<Record<`X-${string}`, string | number>> | undefined
}

/**
 * The EXT-X-DATERANGE tag with its line end.
 *
 * @throws CuemuxError `BAD_REQUEST` for a time that no date has
 */
export function dateRangeTag(range: DateRange): string {
  return tagLine('EXT-X-DATERANGE', [
    ['ID', quoted(range.id)],
    ['CLASS', maybeQuoted(range.class)],
    ['START-DATE', quoted(dateText(range.startDateMs))],
    ['CUE', quotedList(range.cue)],
    ['END-DATE', range.endDateMs === undefined ? undefined : quoted(dateText(range.endDateMs))],
    ['DURATION', maybeSeconds(range.durationUs)],
    ['PLANNED-DURATION', maybeSeconds(range.plannedDurationUs)],
    ...clientAttributes(range),
    ['SCTE35-CMD', range.scte35Cmd === undefined ? undefined : enumerated(range.scte35Cmd)],
    ['SCTE35-OUT', range.scte35Out === undefined ? undefined : enumerated(range.scte35Out)],
    ['SCTE35-IN', range.scte35In === undefined ? undefined : enumerated(range.scte35In)],
    ['END-ON-NEXT', range.endsOnNext ? 'YES' : undefined],
  ])
}

const HEXADECIMAL = /^0[xX][0-9A-Fa-f]+$/

function clientAttributes({ attributes }: DateRange): (readonly [string, string])[] {
  return Object.entries(attributes ?? {}).map(([name, value]) => {
    const isBare = typeof value === 'number' ? Number.isFinite(value) : HEXADECIMAL.test(value)
    const text = typeof value === 'number' ? decimalText(value) : value
    return [name.toUpperCase().replace(/[^A-Z0-9-]/g, '-'), isBare ? text : quoted(text)]
  })
}

/** A decimal-floating-point, which has no exponent. */
function decimalText(value: number): string {
  const text = String(value)
  return text.includes('e') ? value.toFixed(9) : text
}

/** Reads EXT-X-DATERANGE; `undefined` without ID or START-DATE. */
export function readDateRange(attributes: Attributes, add: (message: string) => void): DateRange | undefined {
  const id = attributes.needed('ID')
  const startDateMs = dateOf(attributes, 'START-DATE', add)
  if (startDateMs === undefined && !attributes.has('START-DATE')) add('EXT-X-DATERANGE needs START-DATE.')
  if (id === undefined || startDateMs === undefined) return undefined
  return {
    id,
    startDateMs,
    class: attributes.string('CLASS'),
    endDateMs: dateOf(attributes, 'END-DATE', add),
    durationUs: attributes.us('DURATION'),
    plannedDurationUs: attributes.us('PLANNED-DURATION'),
    endsOnNext: attributes.yes('END-ON-NEXT'),
    cue: attributes.list('CUE'),
    scte35Cmd: attributes.raw('SCTE35-CMD'),
    scte35Out: attributes.raw('SCTE35-OUT'),
    scte35In: attributes.raw('SCTE35-IN'),
    attributes: readClientAttributes(attributes),
  }
}

function dateOf(attributes: Attributes, name: string, add: (message: string) => void): number | undefined {
  const text = attributes.string(name)
  const timeMs = text === undefined ? undefined : readDate(text)
  if (text !== undefined && timeMs === undefined) add(`${name} must be an ISO 8601 date with its time.`)
  return timeMs
}

function readClientAttributes(attributes: Attributes): Record<`X-${string}`, string | number> | undefined {
  const names = attributes.names().filter((name): name is `X-${string}` => name.startsWith('X-'))
  if (names.length === 0) return undefined
  return Object.fromEntries(
    names.map(name => {
      const text = attributes.raw(name) ?? ''
      const isText = attributes.isQuoted(name) || !/^-?\d+(?:\.\d+)?$/.test(text)
      return [name, isText ? text : Number(text)]
    }),
  )
}

/**
 * Chapters as date ranges of class `chapter`, the title in X-TITLE; for a playlist whose first segment's
 * `programDateTimeMs` is `epochMs`.
 */
export function chapterDateRanges(chapters: readonly Chapter[], epochMs: number): DateRange[] {
  return chapters.map((chapter, i) => {
    const title = chapter.titles[0]
    return {
      id: `chapter-${i + 1}`,
      class: 'chapter',
      startDateMs: epochMs + Math.round(chapter.startMs),
      durationUs: chapter.endMs === undefined ? undefined : Math.round((chapter.endMs - chapter.startMs) * 1000),
      endsOnNext: chapter.endMs === undefined ? true : undefined,
      attributes: title && { 'X-TITLE': title.title, 'X-LANGUAGE': title.language || 'und' },
    }
  })
}
