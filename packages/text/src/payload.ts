import { MAX_CUE_INPUT } from './cue.js'

/** More open tags than this are meant to harm. */
const MAX_DEPTH = 16
/** Room is left for the tags that close at the end. */
const MAX_OUTPUT = MAX_CUE_INPUT - 4096
/** Annotations count, too. */
const MAX_ANNOTATION = 100

interface OpenTag {
  /** The name by which the source closes it. */
  readonly source: string
  /** Between the angle brackets, as `i`, `c.yellow` or `v Anna`; empty for a tag that says nothing in WebVTT. */
  readonly markup: string
}

/**
 * Writes cue text that can't be anything but text and WebVTT tags. Sources say what is wanted in any order; tags are
 * written only when text comes, so that they nest, close, and are never empty. Blank lines and white space at the ends
 * of lines vanish.
 */
export class PayloadWriter {
  #out = ''
  #space = ''
  #input = 0
  #isFull = false
  #isVisible = false
  #wanted: OpenTag[] = []
  readonly #open: string[] = []

  /** Text as it is to be read: escaped here. */
  text(raw: string): void {
    const left = MAX_CUE_INPUT - this.#input
    if (left <= 0 || raw === '') return
    if (raw.length > left) raw = truncate(raw, left)
    this.#input += raw.length
    // In JavaScript, \s has the no-break space; it is a character here.
    const shown = toLines(raw).split(/([ \t\n]+)/)
    for (let i = 0; i < shown.length; i++) {
      const piece = shown[i]!
      if (i % 2 === 1) this.#space += piece
      else for (const part of parts(piece)) this.#visible(escapeText(part))
    }
  }

  /** A character reference as the source has it; the caller has checked that it is one. */
  reference(reference: string): void {
    this.#input += reference.length
    this.#visible(reference)
  }

  /** A tag opens. `markup` is empty where WebVTT has nothing like it; it closes by `source` all the same. */
  open(source: string, markup: string): void {
    if (this.#wanted.length < MAX_DEPTH) this.#wanted.push({ source, markup })
  }

  /** The innermost open tag of that name closes; nothing where there is none. */
  close(source: string): void {
    const at = this.#wanted.findLastIndex(tag => tag.source === source)
    if (at >= 0) this.#wanted.splice(at, 1)
  }

  /** Exactly these tags apply from here on, the outermost first. */
  style(markups: readonly string[]): void {
    this.#wanted = markups.map(markup => ({ source: markup, markup }))
  }

  /** The payload, all tags closed; empty where there was nothing but space. */
  finish(): string {
    this.#reconcile([])
    return this.#isVisible ? this.#out : ''
  }

  #visible(escaped: string): void {
    // Tags may multiply what the text has.
    this.#isFull ||= this.#out.length + escaped.length > MAX_OUTPUT
    if (this.#isFull) return
    const wanted = this.#wanted.filter(tag => tag.markup !== '').map(tag => tag.markup)
    const common = this.#commonDepth(wanted)
    this.#closeTo(common)
    if (this.#space !== '' && this.#out !== '') this.#out += this.#space.includes('\n') ? '\n' : this.#space
    this.#space = ''
    this.#reconcile(wanted)
    this.#isVisible ||= /\S/.test(escaped)
    this.#out += escaped
  }

  #reconcile(wanted: readonly string[]): void {
    const common = this.#commonDepth(wanted)
    this.#closeTo(common)
    for (const markup of wanted.slice(common)) {
      this.#open.push(markup)
      this.#out += `<${markup}>`
    }
  }

  #commonDepth(wanted: readonly string[]): number {
    let common = 0
    while (common < this.#open.length && this.#open[common] === wanted[common]) common++
    return common
  }

  #closeTo(depth: number): void {
    while (this.#open.length > depth) this.#out += `</${/^[a-z]+/.exec(this.#open.pop()!)![0]}>`
  }
}

/** A text in pieces of which each fits or doesn't, once it is escaped; none ends within a character. */
function* parts(text: string): Generator<string> {
  for (let at = 0; at < text.length; ) {
    const part = truncate(text.slice(at, at + 257), 256)
    yield part
    at += part.length
  }
}

/** The beginning of a text, not cut within a character. */
export function truncate(text: string, length: number): string {
  if (text.length <= length) return text
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length)
}

/** All line ends as `\n`; control characters gone, halves of characters replaced. */
function toLines(raw: string): string {
  return raw
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    .replace(/[^\P{Cc}\t\n]|\ufeff/gu, '')
    .replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
}

/** W3C WebVTT §4.2.2: what would begin a tag or a reference, or be taken for an arrow. */
function escapeText(text: string): string {
  return text.replace(/[&<>]/g, character => (character === '&' ? '&amp;' : character === '<' ? '&lt;' : '&gt;'))
}

/**
 * A text as the annotation of a tag, `<v Anna>`: one line, escaped, no arrow with the bracket behind it; 100 characters
 * at most.
 */
export function annotation(text: string): string {
  return escapeText(toLines(truncate(text, MAX_ANNOTATION)).replace(/\s+/g, ' ').trim().replace(/-+$/, ''))
}

/** A text as the payload of a cue. */
export function plainPayload(text: string): string {
  const writer = new PayloadWriter()
  writer.text(text)
  return writer.finish()
}
