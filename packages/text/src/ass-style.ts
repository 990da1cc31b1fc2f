import { parseAssColour } from './colour.js'

/** What an ASS style says that WebVTT can say, too. */
export interface AssStyle {
  readonly bold: boolean
  readonly italic: boolean
  readonly underline: boolean
  /** 0xRRGGBB. */
  readonly colour: number
  /** As on a numeric keypad: 1 bottom left … 9 top right. */
  readonly alignment: number
  /** Script pixels. */
  readonly marginL: number
  readonly marginR: number
  readonly marginV: number
}

/** The header of an ASS or SSA script: everything but its events. */
export interface AssHeader {
  readonly playResX: number
  readonly playResY: number
  /** 2: `\n` breaks the line, too. */
  readonly wrapStyle: number
  readonly styles: ReadonlyMap<string, AssStyle>
}

/** What applies where a script says nothing: libass' values. */
const DEFAULT_STYLE: AssStyle = {
  bold: false,
  italic: false,
  underline: false,
  colour: 0xffffff,
  alignment: 2,
  marginL: 10,
  marginR: 10,
  marginV: 10,
}
const DEFAULT_WIDTH = 384
const DEFAULT_HEIGHT = 288

/** Longest header that is looked at; embedded fonts and pictures come after the styles. */
const MAX_HEADER = 1024 * 1024
const MAX_STYLES = 2000

const V4_FORMAT =
  'name,fontname,fontsize,primarycolour,secondarycolour,tertiarycolour,backcolour,bold,italic,borderstyle,outline,shadow,alignment,marginl,marginr,marginv,alphalevel,encoding'
const V4PLUS_FORMAT =
  'name,fontname,fontsize,primarycolour,secondarycolour,outlinecolour,backcolour,bold,italic,underline,strikeout,scalex,scaley,spacing,angle,borderstyle,outline,shadow,alignment,marginl,marginr,marginv,encoding'

/** Reads `[Script Info]` and the styles of a script; what is missing or broken is as libass has it. */
export function parseAssHeader(script: string): AssHeader {
  const styles = new Map<string, AssStyle>()
  let width = 0
  let height = 0
  let wrapStyle = 0
  let section = ''
  let format: readonly string[] = []
  for (const line of script.slice(0, MAX_HEADER).split(/\r\n?|\n/)) {
    const heading = /^\s*\[([^\]]{1,40})\]/.exec(line)
    if (heading !== null) {
      section = heading[1]!.toLowerCase()
      format = (section === 'v4 styles' ? V4_FORMAT : V4PLUS_FORMAT).split(',')
      continue
    }
    const [key, value] = keyed(line)
    if (section === 'script info') {
      if (key === 'playresx') width = positive(value)
      else if (key === 'playresy') height = positive(value)
      else if (key === 'wrapstyle') wrapStyle = Number(value) || 0
    } else if (key === 'format') {
      if (/^v4\+? styles/.test(section)) format = fieldNames(value)
    } else if (key === 'style' && styles.size < MAX_STYLES) {
      const [name, style] = readStyle(value, format, section === 'v4 styles')
      styles.set(name, style)
    }
  }
  return { ...resolution(width, height), wrapStyle, styles }
}

/** The style that an event names: `*Default` is `Default`, and an unknown one, too. */
export function styleOf(header: AssHeader, name: string): AssStyle {
  const { styles } = header
  return styles.get(styleName(name)) ?? styles.get('default') ?? DEFAULT_STYLE
}

/** `key: value` of a line, the key in lower case. */
export function keyed(line: string): readonly [key: string, value: string] {
  const colon = line.indexOf(':')
  return colon < 1 || colon > 40 ? ['', ''] : [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()]
}

/** The names in a `Format:` line. */
export function fieldNames(value: string): string[] {
  return value
    .slice(0, 2000)
    .split(',')
    .map(name => name.trim().toLowerCase())
}

function styleName(name: string): string {
  return name.trim().replace(/^\*+/, '').toLowerCase()
}

function readStyle(value: string, format: readonly string[], isV4: boolean): readonly [string, AssStyle] {
  const fields = value.slice(0, 4000).split(',')
  const field = (name: string): string => fields[format.indexOf(name)]?.trim() ?? ''
  const flag = (name: string): boolean => Number.parseInt(field(name), 10) !== 0 && /^-?\d/.test(field(name))
  const style: AssStyle = {
    bold: flag('bold'),
    italic: flag('italic'),
    underline: flag('underline'),
    colour: parseAssColour(field('primarycolour')) ?? DEFAULT_STYLE.colour,
    alignment: (isV4 ? legacyAlignment : keypadAlignment)(Number.parseInt(field('alignment'), 10)) ?? 2,
    marginL: positive(field('marginl')),
    marginR: positive(field('marginr')),
    marginV: positive(field('marginv')),
  }
  return [styleName(field('name')), style]
}

/** `\an` and V4+ styles: 1 to 9. */
export function keypadAlignment(value: number): number | undefined {
  return value >= 1 && value <= 9 ? value : undefined
}

/** `\a` and V4 styles: 1 left, 2 centre, 3 right, + 4 at the top, + 8 in the middle. */
export function legacyAlignment(value: number): number | undefined {
  const column = value & 3
  if (!(value >= 1 && value <= 11) || column === 0) return undefined
  return column + (value & 4 ? 6 : value & 8 ? 3 : 0)
}

function positive(value: string): number {
  const number = Number.parseInt(value, 10)
  return number > 0 ? Math.min(number, 100_000) : 0
}

/** What one of the two resolutions says about the other: libass takes 4:3, and 1280 × 1024 as a pair. */
function resolution(width: number, height: number): { readonly playResX: number; readonly playResY: number } {
  if (width > 0 && height > 0) return { playResX: width, playResY: height }
  if (width > 0) return { playResX: width, playResY: width === 1280 ? 1024 : Math.max(1, Math.round((width * 3) / 4)) }
  if (height > 0) return { playResX: height === 1024 ? 1280 : Math.round((height * 4) / 3), playResY: height }
  return { playResX: DEFAULT_WIDTH, playResY: DEFAULT_HEIGHT }
}
