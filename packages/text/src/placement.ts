/** The space of a line on the screen, per cent of its height (W3C WebVTT §7.4: 5.33vh, with leading). */
const LINE_PERCENT = 5.33

/** A picture's size and margins in a script's pixels. */
export interface Canvas {
  readonly width: number
  readonly height: number
  readonly marginL: number
  readonly marginR: number
  readonly marginV: number
}

/** Where a text is to stand. */
export interface Anchor {
  /** As on a numeric keypad: 1 bottom left … 9 top right. */
  readonly alignment: number
  /** The point on the canvas at which the text is held. */
  readonly position?: readonly [x: number, y: number] | undefined
  /** How many lines the text has. */
  readonly lines: number
}

/**
 * WebVTT settings for an anchored text; `undefined` at the bottom in the centre, where WebVTT puts a cue anyway and
 * lets cues give way to each other. Line alignment (`line:50%,center`) isn't used, since Chromium takes no notice of it: the
 * top of a text that is held in its middle or at its bottom is estimated from its number of lines.
 */
export function placementSettings(anchor: Anchor, canvas: Canvas): string | undefined {
  const column = (anchor.alignment - 1) % 3
  const row = Math.floor((anchor.alignment - 1) / 3)
  const [x, y] = anchor.position ?? [undefined, undefined]
  const percentX = x === undefined ? undefined : (x / canvas.width) * 100
  const line = y === undefined ? lineOfRow(row, anchor, canvas) : lineOfPoint(row, (y / canvas.height) * 100, anchor)
  const parts = line === undefined ? [] : [`line:${line}`]
  parts.push(...columnSettings(column, percentX, canvas))
  return parts.length === 0 ? undefined : parts.join(' ')
}

function lineOfRow(row: number, anchor: Anchor, canvas: Canvas): string | undefined {
  const margin = (canvas.marginV / canvas.height) * 100
  if (row === 1) return percent(50 - (anchor.lines * LINE_PERCENT) / 2)
  if (row === 2) return margin > 12 ? percent(margin) : '0'
  // A high margin lifts a text from the bottom for a reason.
  return margin > 20 ? percent(100 - margin - anchor.lines * LINE_PERCENT) : undefined
}

function lineOfPoint(row: number, y: number, anchor: Anchor): string | undefined {
  const top = y - (row === 2 ? 0 : anchor.lines * LINE_PERCENT * (row === 1 ? 0.5 : 1))
  const bottom = top + anchor.lines * LINE_PERCENT
  if (bottom >= 85 && bottom <= 105) return undefined
  return top <= 5 && row === 2 ? '0' : percent(Math.min(top, 100 - anchor.lines * LINE_PERCENT))
}

function columnSettings(column: number, x: number | undefined, canvas: Canvas): string[] {
  if (column === 1) {
    if (x === undefined || Math.abs(x - 50) <= 5) return []
    // A centred cue is twice as wide as its distance from the nearer edge: further out it would be a column of letters.
    return [`position:${percent(Math.min(80, Math.max(20, x)))}`]
  }
  const margin =
    x ?? (column === 0 ? (canvas.marginL / canvas.width) * 100 : 100 - (canvas.marginR / canvas.width) * 100)
  const isLeft = column === 0
  const position = isLeft ? Math.min(70, Math.max(0, margin)) : Math.max(30, Math.min(100, margin))
  return [`position:${percent(position)}`, `align:${isLeft ? 'left' : 'right'}`]
}

function percent(value: number): string {
  return `${Math.round(Math.min(100, Math.max(0, value)))}%`
}
