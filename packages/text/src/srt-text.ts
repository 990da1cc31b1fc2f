import { countLines } from './ass-event.js'
import { legacyAlignment } from './ass-style.js'
import { colourTag, parseHtmlColour } from './colour.js'
import { MAX_CUE_INPUT, type TextCue } from './cue.js'
import { PayloadWriter, truncate } from './payload.js'
import { placementSettings } from './placement.js'

/** What a text says of a cue. */
export type CueText = Pick<TextCue, 'payload' | 'settings'>

/** The script that SRT's `{\an8}` and `{\pos(…)}` refer to. */
const CANVAS = { width: 384, height: 288, marginL: 10, marginR: 10, marginV: 10 }

/**
 * A tag, a group of override tags as ASS has them, or a reference to a character. Lengths are bounded: no backtracking.
 */
const MARKUP =
  /<(\/?)([a-z]{1,10})((?:\s[^<>]{0,200})?)\/?>|\{\\([^{}]{0,200})\}|&(amp|lt|gt|quot|apos|nbsp|lrm|rlm|#39);/gi
const REFERENCES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  '#39': "'",
  nbsp: '\u00a0',
  lrm: '\u200e',
  rlm: '\u200f',
}
/** Tags that SRT has and WebVTT can say in its own way, or (empty) has no way to say. */
const TAGS: Readonly<Record<string, string>> = {
  b: 'b',
  i: 'i',
  u: 'u',
  em: 'i',
  strong: 'b',
  s: '',
  strike: '',
  font: '',
}

/**
 * The text of an SRT cue: `<b>`, `<i>`, `<u>`, `<font color>`, and of ASS `{\b}`, `{\i}`, `{\u}`, `{\an}`, `{\pos}`.
 */
export function srtText(source: string): CueText {
  const writer = new PayloadWriter()
  const place: SrtPlace = { alignment: undefined, position: undefined }
  const text = truncate(source, MAX_CUE_INPUT)
  let at = 0
  for (const match of text.matchAll(MARKUP)) {
    const [whole, slash, name, attributes, override, reference] = match
    const tag = name?.toLowerCase() ?? ''
    // What SRT doesn't know is text, to its last bracket.
    if (name !== undefined && tag !== 'br' && !Object.hasOwn(TAGS, tag)) continue
    writer.text(text.slice(at, match.index))
    at = match.index + whole.length
    if (override !== undefined) applyOverride(override, writer, place)
    else if (reference !== undefined) writer.text(REFERENCES[reference.toLowerCase()] ?? whole)
    else if (tag === 'br') writer.text('\n')
    else if (slash === '/') writer.close(tag)
    else writer.open(tag, tag === 'font' ? fontTag(attributes ?? '') : TAGS[tag]!)
  }
  writer.text(text.slice(at))
  const payload = writer.finish()
  const { alignment = 2, position } = place
  const settings = placementSettings({ alignment, position, lines: countLines(payload) }, CANVAS)
  return settings === undefined ? { payload } : { payload, settings }
}

interface SrtPlace {
  alignment: number | undefined
  position: readonly [number, number] | undefined
}

function fontTag(attributes: string): string {
  const value = /\bcolor\s*=\s*["']?\s*([#\w]{1,20})/i.exec(attributes)?.[1]
  const colour = value === undefined ? undefined : parseHtmlColour(value)
  return colour === undefined ? '' : colourTag(colour)
}

function applyOverride(block: string, writer: PayloadWriter, place: SrtPlace): void {
  for (const tag of block.split('\\')) {
    const [, name, value] = /^(an|a|b|i|u|pos)\(?(\d.{0,40})$/.exec(tag.trim()) ?? []
    const number = Number.parseInt(value ?? '', 10)
    if (name === 'an' && number >= 1 && number <= 9) place.alignment ??= number
    else if (name === 'a') place.alignment ??= legacyAlignment(number)
    else if (name === 'pos') place.position ??= pointOf(value ?? '')
    else if (name === 'b' || name === 'i' || name === 'u') {
      if (number === 0) writer.close(name)
      else writer.open(name, name)
    }
  }
}

function pointOf(value: string): readonly [number, number] | undefined {
  const match = /^(\d{1,5}(?:\.\d{0,5})?)\s*,\s*(\d{1,5}(?:\.\d{0,5})?)/.exec(value)
  return match === null ? undefined : [Number(match[1]), Number(match[2])]
}
