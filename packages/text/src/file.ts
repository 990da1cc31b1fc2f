import { CuemuxError } from '@cuemux/core'
import { assCue, margin, splitFields } from './ass-event.js'
import { fieldNames, keyed, parseAssHeader } from './ass-style.js'
import { completeCues, type DraftCue, joinEqual, MAX_CUES, type TextCue } from './cue.js'
import { decodeText } from './decode-text.js'
import { srtText } from './srt-text.js'
import { parseAssTime, parseTiming, type TimingLine } from './timestamps.js'
import { untimedCue } from './wvtt.js'

/** Formats of subtitle files; `ass` is SSA, too. */
export type SubtitleFormat = 'srt' | 'ass' | 'webvtt'

/** What is known about a subtitle file beside its bytes. */
export interface SubtitleFileHint {
  /** The format; by default its first lines tell. */
  readonly format?: SubtitleFormat | undefined
  /** BCP 47 tag of its language: tells the encoding where the bytes are not UTF-8. */
  readonly language?: string | undefined
  /** Label of the encoding to use where the bytes are not UTF-8. */
  readonly encoding?: string | undefined
}

/** A subtitle file that was read. */
export interface SubtitleFile {
  readonly format: SubtitleFormat
  /** The label of the encoding that it was read in. */
  readonly encoding: string
  /** In order of their start; times are the file's own, which are the film's where it begins at zero. */
  readonly cues: readonly TextCue[]
}

/** No subtitle file is larger, 64 MiB. */
const MAX_FILE_BYTES = 64 * 1024 * 1024
/** An event has some ten fields. */
const MAX_FIELDS = 40

/**
 * Reads a whole `.srt`, `.ass`, `.ssa` or `.vtt`, sloppy ones too: any line ends and encoding, numbers or hours
 * missing, comma or point, blank lines within a text, times that are negative, overlap, or end before they begin (shown
 * until the next cue then, 5 s at most). A file with nothing readable has no cues. At most 200,000 cues are read.
 *
 * @throws CuemuxError `LIMIT_EXCEEDED` for more than 64 MiB
 */
export function parseSubtitleFile(bytes: Uint8Array, hint: SubtitleFileHint = {}): SubtitleFile {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new CuemuxError(
      'LIMIT_EXCEEDED',
      `A subtitle file of ${bytes.length} bytes; ${MAX_FILE_BYTES} are read at most.`,
    )
  }
  const { text, encoding } = decodeText(bytes, hint)
  const format = hint.format ?? sniff(text)
  const drafts = format === 'ass' ? readAss(text) : format === 'webvtt' ? readWebVtt(text) : readSrt(text)
  const cues = completeCues(drafts)
  return { format, encoding, cues: format === 'ass' ? joinEqual(cues) : cues }
}

function sniff(text: string): SubtitleFormat {
  const head = text.slice(0, 4096)
  if (/^\s*WEBVTT(?![^\s])/.test(head)) return 'webvtt'
  return /^\s*\[(?:script info|v4\+? styles|events)\]/im.test(head) || /^dialogue:/im.test(head) ? 'ass' : 'srt'
}

function* linesOf(text: string): Generator<string> {
  const end = /\r\n?|\n/g
  let at = 0
  for (let match = end.exec(text); match !== null; match = end.exec(text)) {
    yield text.slice(at, match.index)
    at = end.lastIndex
  }
  if (at < text.length) yield text.slice(at)
}

/** A text goes on until the next line of times, blank lines or not; the number before that is none of it. */
function readSrt(text: string): DraftCue[] {
  const drafts: DraftCue[] = []
  let timing: TimingLine | undefined
  let lines: string[] = []
  const finish = (isLast: boolean): void => {
    if (timing === undefined) return
    const { startUs, endUs } = timing
    drafts.push({ ...srtText(withoutNumber(lines, isLast).join('\n')), startUs, endUs })
  }
  for (const line of linesOf(text)) {
    const found = parseTiming(line)
    if (found === undefined) {
      lines.push(line)
      continue
    }
    finish(false)
    if (drafts.length >= MAX_CUES) return drafts
    timing = found
    lines = []
  }
  finish(true)
  return drafts
}

/** A last line of digits right before the times, or after other text, is the number of the cue that follows. */
function withoutNumber(lines: readonly string[], isLast: boolean): readonly string[] {
  let end = lines.length
  while (end > 0 && lines[end - 1]!.trim() === '') end--
  if (isLast || end === 0 || !/^\s*\d{1,9}\s*$/.test(lines[end - 1]!.slice(0, 40))) return lines
  return end === lines.length || lines.slice(0, end - 1).some(line => line.trim() !== '')
    ? lines.slice(0, end - 1)
    : lines
}

/**
 * W3C WebVTT §6.1: blocks between blank lines; a block with a line of times is a cue, one line before it is its name.
 */
function readWebVtt(text: string): DraftCue[] {
  const drafts: DraftCue[] = []
  let block: string[] = []
  const finish = (): void => {
    const at = block.findIndex((line, i) => i < 2 && line.includes('-->'))
    const timing = at < 0 ? undefined : parseTiming(block[at]!)
    if (timing !== undefined) {
      const cue = untimedCue(block.slice(at + 1).join('\n'), timing.rest, at === 1 ? block[0]! : '')
      drafts.push({ ...cue, startUs: timing.startUs, endUs: timing.endUs })
    }
    block = []
  }
  for (const line of linesOf(text)) {
    if (drafts.length >= MAX_CUES) return drafts
    if (line.trim() === '') finish()
    else {
      // A line of times begins a cue even where the blank line is missing (§6.1).
      if (block.length > 1 && line.includes('-->') && block.some(earlier => earlier.includes('-->'))) finish()
      block.push(line)
    }
  }
  finish()
  return drafts
}

const ASS_FORMAT = ['layer', 'start', 'end', 'style', 'name', 'marginl', 'marginr', 'marginv', 'effect', 'text']

function readAss(text: string): DraftCue[] {
  const header = parseAssHeader(text)
  const drafts: DraftCue[] = []
  let isEvents = true
  let format = ASS_FORMAT
  for (const line of linesOf(text)) {
    if (drafts.length >= MAX_CUES) break
    if (/^\s{0,20}\[/.test(line)) {
      isEvents = /^\s*\[events\]/i.test(line)
      continue
    }
    const [key, value] = isEvents ? keyed(line) : ['', '']
    if (key === 'format') format = fieldNames(value)
    if (key !== 'dialogue') continue
    const fields = splitFields(value, Math.min(format.length, MAX_FIELDS))
    const field = (name: string): string => fields[format.indexOf(name)] ?? ''
    const startUs = parseAssTime(field('start'))
    const endUs = parseAssTime(field('end'))
    if (startUs === undefined || endUs === undefined) continue
    const margins = {
      marginL: margin(field('marginl')),
      marginR: margin(field('marginr')),
      marginV: margin(field('marginv')),
    }
    drafts.push(assCue({ startUs, endUs, style: field('style'), ...margins, text: field('text') }, header))
  }
  return drafts
}
