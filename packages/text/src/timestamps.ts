/**
 * Finds `start --> end` at the beginning of a line, as sloppily as files have it: hours missing, comma or point or
 * colon before the fraction, a fraction of any length or none, signs, short arrows.
 */
const TIMING =
  /^\s*(-?)(?:(\d{1,4}):)?(\d{1,3}):(\d{1,3})(?:[.,:](\d{1,9}))?\s*-{1,3}>\s*(-?)(?:(\d{1,4}):)?(\d{1,3}):(\d{1,3})(?:[.,:](\d{1,9}))?(.*)$/s

/** Longest line that may have times, with settings. */
const MAX_LINE = 500

/** A line of times. */
export interface TimingLine {
  readonly startUs: number
  readonly endUs: number
  /** What follows on the line: the settings of a WebVTT cue. */
  readonly rest: string
}

/** Reads a line of times; `undefined` where it is none. */
export function parseTiming(line: string): TimingLine | undefined {
  if (line.length > MAX_LINE || !line.includes('>')) return undefined
  const match = TIMING.exec(line)
  if (match === null) return undefined
  return {
    startUs: microseconds(match[1], match[2], match[3], match[4], match[5]),
    endUs: microseconds(match[6], match[7], match[8], match[9], match[10]),
    rest: match[11]!.trim(),
  }
}

/** `h:mm:ss.cc` of an ASS event in µs; `undefined` where it is none. */
export function parseAssTime(text: string): number | undefined {
  const match = /^\s*(-?)(\d{1,4}):(\d{1,3}):(\d{1,3})(?:[.,:](\d{1,9}))?\s*$/.exec(text.slice(0, 40))
  return match === null ? undefined : microseconds(match[1], match[2], match[3], match[4], match[5])
}

function microseconds(
  sign: string | undefined,
  hours: string | undefined,
  minutes: string | undefined,
  seconds: string | undefined,
  fraction: string | undefined,
): number {
  const whole = Number(hours ?? 0) * 3600 + Number(minutes) * 60 + Number(seconds)
  const us = whole * 1e6 + Number((fraction ?? '').padEnd(6, '0').slice(0, 6))
  return sign === '-' && us > 0 ? -us : us
}

/** µs as WebVTT writes them, `00:00:01.250`, rounded to ms; below zero is zero. */
export function formatTime(us: number): string {
  const ms = Math.max(0, Math.round(us / 1000))
  const pad = (value: number, length: number): string => String(value).padStart(length, '0')
  const hours = Math.floor(ms / 3_600_000)
  const minutes = Math.floor(ms / 60_000) % 60
  return `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(Math.floor(ms / 1000) % 60, 2)}.${pad(ms % 1000, 3)}`
}
