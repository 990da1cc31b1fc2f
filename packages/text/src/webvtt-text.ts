import { isColourClass } from './colour.js'
import { MAX_CUE_INPUT } from './cue.js'
import { annotation, PayloadWriter, truncate } from './payload.js'

/** A tag, a time stamp tag, or a reference to a character. Lengths are bounded: no backtracking. */
const MARKUP =
  /<(\/?)([a-z]{1,4})((?:\.[^\s<>&.]{1,60}){0,8})(?:[ \t\n]([^<>]{0,300}))?>|<[\d:.]{5,20}>|(&(?:[a-z][a-z\d]{1,31}|#\d{1,7}|#x[\da-f]{1,6});)/gi

const TAGS: ReadonlySet<string> = new Set(['b', 'i', 'u', 'c', 'v', 'lang', 'ruby', 'rt'])

/**
 * WebVTT cue text as safe cue text (W3C WebVTT §4.2.2): its tags are nested and closed, classes that aren't colours of
 * WebVTT are dropped (their style sheet isn't there), time stamps within the text, too (a cue moves with the film, they
 * would not). All else is text.
 */
export function webVttText(source: string): string {
  const writer = new PayloadWriter()
  const text = truncate(source, MAX_CUE_INPUT)
  let at = 0
  for (const match of text.matchAll(MARKUP)) {
    const [whole, slash, name, classes, note, reference] = match
    if (name !== undefined && !TAGS.has(name)) continue
    writer.text(text.slice(at, match.index))
    at = match.index + whole.length
    if (reference !== undefined) writeReference(reference, writer)
    else if (name !== undefined && slash === '/') writer.close(name)
    else if (name !== undefined) writer.open(name, markupOf(name, classes ?? '', note ?? ''))
  }
  writer.text(text.slice(at))
  return writer.finish()
}

/** What a reference may stand for is text wherever it stands; those that would break lines are not. */
function writeReference(reference: string, writer: PayloadWriter): void {
  const number = /^&#(x?)([\da-f]+);/i.exec(reference)
  if (number === null) {
    writer.reference(reference)
    return
  }
  const code = Number.parseInt(number[2]!, number[1] === '' ? 10 : 16)
  if (code > 0 && code <= 0x10ffff) writer.text(String.fromCodePoint(code))
}

function markupOf(name: string, classes: string, note: string): string {
  note = note.replace(/&(amp|lt|gt);/g, (_, code: string) => (code === 'amp' ? '&' : code === 'lt' ? '<' : '>'))
  const colours = classes.split('.').filter(isColourClass).join('.')
  const dotted = colours === '' ? name : `${name}.${colours}`
  if (name === 'c') return colours === '' ? '' : dotted
  if (name === 'v') return annotation(note) === '' ? '' : `${dotted} ${annotation(note)}`
  if (name === 'lang')
    return /^[a-z\d]{1,8}(?:-[a-z\d]{1,8}){0,5}$/i.test(note.trim()) ? `${dotted} ${note.trim()}` : ''
  return dotted
}
