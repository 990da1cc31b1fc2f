import { type AssHeader, type AssStyle, styleOf } from './ass-style.js'
import { AssTextReader } from './ass-text.js'
import { type DraftCue, MAX_CUE_INPUT } from './cue.js'
import { PayloadWriter, truncate } from './payload.js'
import { placementSettings } from './placement.js'

/** The fields of an event that WebVTT has a use for; margins are 0 where the style's apply. */
export interface AssEvent {
  readonly startUs: number
  readonly endUs: number
  readonly style: string
  readonly marginL: number
  readonly marginR: number
  readonly marginV: number
  readonly text: string
}

/** An event as a cue; its payload is empty for a drawing. */
export function assCue(event: AssEvent, header: AssHeader): DraftCue {
  const style = styleOf(header, event.style)
  const writer = new PayloadWriter()
  const styleNamed = (name: string): AssStyle => styleOf(header, name)
  const reader = new AssTextReader({ style, styleNamed, softBreaks: header.wrapStyle === 2 }, writer)
  reader.read(truncate(event.text, MAX_CUE_INPUT))
  const payload = writer.finish()
  const canvas = {
    width: header.playResX,
    height: header.playResY,
    marginL: event.marginL || style.marginL,
    marginR: event.marginR || style.marginR,
    marginV: event.marginV || style.marginV,
  }
  const settings = placementSettings({ ...reader.placement, lines: countLines(payload) }, canvas)
  return { startUs: event.startUs, endUs: event.endUs, payload, ...(settings === undefined ? {} : { settings }) }
}

/** Lines of a payload. */
export function countLines(payload: string): number {
  let lines = 1
  for (let at = payload.indexOf('\n'); at >= 0; at = payload.indexOf('\n', at + 1)) lines++
  return lines
}

/**
 * The event in a Matroska block: ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text; in between
 * commas, the last with all that is left. SSA has `Marked` for the layer.
 */
export function eventOfBlock(block: string): Omit<AssEvent, 'startUs' | 'endUs'> {
  const fields = splitFields(block, 9)
  return {
    style: fields[2] ?? '',
    marginL: margin(fields[4]),
    marginR: margin(fields[5]),
    marginV: margin(fields[6]),
    text: fields[8] ?? '',
  }
}

/** A margin as an event has it. */
export function margin(field: string | undefined): number {
  const value = Number.parseInt(field ?? '', 10)
  return value > 0 ? Math.min(value, 100_000) : 0
}

/** The first `count − 1` fields between commas, and the rest as the last one. */
export function splitFields(line: string, count: number): string[] {
  const fields: string[] = []
  let at = 0
  while (fields.length < count - 1) {
    const comma = line.indexOf(',', at)
    if (comma < 0) break
    fields.push(line.slice(at, comma))
    at = comma + 1
  }
  fields.push(line.slice(at))
  return fields
}
