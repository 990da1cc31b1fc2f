import { type AssStyle, keypadAlignment, legacyAlignment } from './ass-style.js'
import { colourTag, parseAssColour } from './colour.js'
import type { PayloadWriter } from './payload.js'

/** Where a text stands on the picture. */
export interface Placement {
  /** As on a numeric keypad. */
  readonly alignment: number
  /** `\pos` or the beginning of `\move`, script pixels. */
  readonly position: readonly [x: number, y: number] | undefined
}

/** What a text's override tags refer to. */
export interface AssContext {
  /** The event's own style. */
  readonly style: AssStyle
  /** Another style, for `\r`. */
  readonly styleNamed: (name: string) => AssStyle
  /** Each `\n` breaks the line. */
  readonly softBreaks: boolean
}

type Writing = Pick<AssStyle, 'bold' | 'italic' | 'underline' | 'colour'>

/** Reads the text of an event, override tag by override tag, into a payload. */
export class AssTextReader {
  readonly #context: AssContext
  readonly #writer: PayloadWriter
  #writing: Writing
  #alignment: number | undefined
  #position: readonly [number, number] | undefined
  #isDrawing = false

  constructor(context: AssContext, writer: PayloadWriter) {
    this.#context = context
    this.#writer = writer
    this.#writing = context.style
    this.#writer.style(tagsOf(this.#writing))
  }

  /** What has been said about the place of the text. */
  get placement(): Placement {
    return { alignment: this.#alignment ?? this.#context.style.alignment, position: this.#position }
  }

  /** Text with `{…}` and `\N`, `\n`, `\h`. An unclosed brace is text. */
  read(text: string): void {
    let at = 0
    while (at < text.length) {
      const brace = text.indexOf('{', at)
      // `\{` is a brace, as libass has it.
      const isEscaped = brace > at && text[brace - 1] === '\\'
      const end = brace < 0 || isEscaped ? brace : text.indexOf('}', brace)
      if (end < 0) break
      this.#plain(text.slice(at, isEscaped ? brace - 1 : brace))
      if (isEscaped) this.#plain('{')
      else this.#override(text.slice(brace + 1, end))
      at = end + 1
    }
    this.#plain(text.slice(at))
  }

  /** The inside of a `{…}`; what is no tag is a comment. */
  #override(block: string): void {
    for (const tag of withoutAnimations(block).split('\\').slice(1)) this.#apply(tag.trim())
    this.#writer.style(tagsOf(this.#writing))
  }

  #plain(text: string): void {
    if (this.#isDrawing || text === '') return
    const { softBreaks } = this.#context
    this.#writer.text(
      text.replace(/\\([Nnh{}])/g, (_, code: string) => {
        if (code === 'N') return '\n'
        if (code === 'h') return '\u00a0'
        return code === 'n' ? (softBreaks ? '\n' : ' ') : code
      }),
    )
  }

  #apply(tag: string): void {
    const [, name, value] = /^(an|a|b|i|u|1?c|r|pos|move|p)(?![a-z])(.*)$/is.exec(tag) ?? styleReset(tag)
    if (name === undefined) return
    const { style, styleNamed } = this.#context
    const number = Number.parseInt(value ?? '', 10)
    const isUnset = Number.isNaN(number)
    const now = this.#writing
    if (name === 'b') this.#writing = { ...now, bold: isUnset ? style.bold : number === 1 || number >= 600 }
    else if (name === 'i') this.#writing = { ...now, italic: isUnset ? style.italic : number !== 0 }
    else if (name === 'u') this.#writing = { ...now, underline: isUnset ? style.underline : number !== 0 }
    else if (name === 'c' || name === '1c') {
      this.#writing = { ...now, colour: parseAssColour(value ?? '') ?? style.colour }
    } else if (name === 'r') this.#writing = value === '' ? style : styleNamed(value ?? '')
    else if (name === 'p') this.#isDrawing = number > 0
    // The first alignment and the first place win.
    else if (name === 'an') this.#alignment ??= keypadAlignment(number)
    else if (name === 'a') this.#alignment ??= legacyAlignment(number)
    else this.#position ??= pointOf(value ?? '')
  }
}

/** Without `\t(…)`: its tags are what a text turns into, bit by bit; what it begins with is written. */
function withoutAnimations(block: string): string {
  let out = ''
  let at = 0
  for (let found = block.indexOf('\\t('); found >= 0; found = block.indexOf('\\t(', at)) {
    out += block.slice(at, found)
    let depth = 0
    for (at = found + 2; at < block.length; at++) {
      if (block[at] === '(') depth++
      else if (block[at] === ')' && --depth === 0) break
    }
    at++
  }
  return out + block.slice(at)
}

/** `\rSign`: the name follows at once. */
function styleReset(tag: string): readonly (string | undefined)[] {
  return tag[0] === 'r' && !/^rnd/.test(tag) ? [tag, 'r', tag.slice(1)] : []
}

/** `(x,y…)`. */
function pointOf(value: string): readonly [number, number] | undefined {
  const match = /^\(\s*(-?\d+(?:\.\d*)?)\s*,\s*(-?\d+(?:\.\d*)?)/.exec(value)
  return match === null ? undefined : [Number(match[1]), Number(match[2])]
}

function tagsOf(writing: Writing): string[] {
  const colour = colourTag(writing.colour)
  const tags: string[] = colour === '' ? [] : [colour]
  if (writing.bold) tags.push('b')
  if (writing.italic) tags.push('i')
  if (writing.underline) tags.push('u')
  return tags
}
