/** W3C WebVTT §5.1: the colours that a class names, at the corners of the RGB cube. */
const CORNERS = ['black', 'red', 'lime', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const

/** HTML's names that subtitles use beside those of WebVTT. */
const NAMES: ReadonlyMap<string, number> = new Map(
  Object.entries({
    black: 0x000000,
    red: 0xff0000,
    maroon: 0x800000,
    lime: 0x00ff00,
    green: 0x008000,
    yellow: 0xffff00,
    olive: 0x808000,
    gold: 0xffd700,
    orange: 0xffa500,
    blue: 0x0000ff,
    navy: 0x000080,
    magenta: 0xff00ff,
    fuchsia: 0xff00ff,
    purple: 0x800080,
    cyan: 0x00ffff,
    aqua: 0x00ffff,
    teal: 0x008080,
    white: 0xffffff,
    silver: 0xc0c0c0,
    gray: 0x808080,
    grey: 0x808080,
  }),
)

/**
 * The tag for a colour: `c.yellow`, the nearest colour that WebVTT names. Empty for white, which text has anyway, and
 * for black, which can't be read on WebVTT's own background.
 */
export function colourTag(rgb: number): string {
  const corner = ((rgb >> 23) & 1) | ((rgb >> 14) & 2) | ((rgb >> 5) & 4)
  return corner === 0 || corner === 7 ? '' : `c.${CORNERS[corner]}`
}

/** `#RRGGBB`, `RRGGBB` or a name, as in SRT's `<font color>`; `undefined` for anything else. */
export function parseHtmlColour(value: string): number | undefined {
  const hex = /^#?([0-9a-f]{6})(?:[0-9a-f]{2})?$/i.exec(value)
  return hex === null ? NAMES.get(value.toLowerCase()) : Number.parseInt(hex[1]!, 16)
}

/** `&HAABBGGRR&` or a decimal number, as in ASS; `undefined` for anything else. */
export function parseAssColour(value: string): number | undefined {
  const hex = /^&?h([0-9a-f]{1,8})&?$/i.exec(value.trim())
  const bgr =
    hex === null ? (/^-?\d{1,10}$/.test(value.trim()) ? Number(value) : undefined) : Number.parseInt(hex[1]!, 16)
  if (bgr === undefined) return undefined
  return ((bgr & 0xff) << 16) | (bgr & 0xff00) | ((bgr >> 16) & 0xff)
}

/** Whether a class is a colour of WebVTT, of the text or (`bg_`) behind it. */
export function isColourClass(name: string): boolean {
  return CORNERS.some(colour => name === colour || name === `bg_${colour}`)
}
