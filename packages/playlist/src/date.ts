import { CuemuxError } from '@cuemux/core'

/**
 * An ISO 8601 date with milliseconds, UTC.
 *
 * @throws CuemuxError `BAD_REQUEST` for a time that no date has
 */
export function dateText(timeMs: number): string {
  const date = new Date(Math.round(timeMs))
  const time = date.getTime()
  // Years of more than four digits are written in a form that no playlist has.
  if (!(time >= -62167219200000 && time < 253402300800000)) {
    throw new CuemuxError('BAD_REQUEST', `${timeMs} is no time in ms between the years 0 and 9999.`)
  }
  return date.toISOString()
}

/** A date of ISO 8601 in ms since 1970, UTC where it names no zone; `undefined` for anything else. */
export function readDate(text: string): number | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,12}))?\s?(Z|z|[+-]\d\d(?::?\d\d)?)?$/.exec(text)
  if (match === null) return undefined
  const [, day, time, fraction = '', zone = 'Z'] = match
  const digits = zone.toUpperCase().replace(':', '')
  const offset = digits === 'Z' ? 'Z' : `${digits.slice(0, 3)}:${digits.slice(3) || '00'}`
  const timeMs = Date.parse(`${day}T${time}.${fraction.padEnd(3, '0').slice(0, 3)}${offset}`)
  return Number.isFinite(timeMs) ? timeMs : undefined
}

/** Whether a date is written as the standard has it: with `T`, `.` and a zone. */
export function isStandardDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d(?::?\d\d)?)$/.test(text)
}
