import { concatBytes } from '@cuemux/core'
import { type Av1Format, type Av1Sequence, parseAv1Sequence } from './av1-sequence.js'
import { corrupt, need, u8 } from './bytes.js'
import type { VideoDescription } from './description.js'

const OBU_SEQUENCE_HEADER = 1

/**
 * Walks the OBUs of a sample or of `configOBUs` (AV1 §5.3); `false` ends the walk. An OBU that runs past the bytes ends
 * where they do, so that the beginning of a sample is enough.
 */
export function forEachObu(data: Uint8Array, visit: (type: number, start: number, end: number) => unknown): void {
  let offset = 0
  while (offset < data.length) {
    const head = u8(data, offset)
    offset += head & 4 ? 2 : 1
    let length = data.length - offset
    if (head & 2) {
      length = 0
      // leb128, at most eight bytes (§4.10.5)
      for (let i = 0; ; i++) {
        if (i === 8 || offset >= data.length) throw corrupt('The size of an OBU breaks off.')
        const byte = u8(data, offset++)
        length += (byte & 127) * 2 ** (7 * i)
        if (byte < 128) break
      }
    }
    const start = Math.min(offset, data.length)
    const end = Math.min(offset + length, data.length)
    if (visit((head >> 3) & 15, start, end) === false) return
    offset = end
  }
}

/** The first sequence header among the OBUs; `undefined` where there is none. Throws `CORRUPT_INDEX`. */
export function findAv1Sequence(data: Uint8Array): { payload: Uint8Array; sequence: Av1Sequence } | undefined {
  let payload: Uint8Array | undefined
  forEachObu(data, (type, start, end) => {
    if (type !== OBU_SEQUENCE_HEADER) return true
    payload = data.subarray(start, end)
    return false
  })
  return payload === undefined ? undefined : { payload, sequence: parseAv1Sequence(payload) }
}

/** `av1C` from a sample that has a sequence header (AV1-ISOBMFF §2.3.3); `undefined` from one that has none. */
export function av1ConfigFromSample(sample: Uint8Array): Uint8Array | undefined {
  const found = findAv1Sequence(sample)
  if (found === undefined) return undefined
  const { format, profile, level, highTier } = found.sequence
  const flags =
    (highTier ? 0x80 : 0) |
    (format.bitDepth > 8 ? 0x40 : 0) |
    (format.bitDepth === 12 ? 0x20 : 0) |
    (format.monochrome ? 0x10 : 0) |
    (format.subsamplingX ? 8 : 0) |
    (format.subsamplingY ? 4 : 0) |
    format.chromaPosition
  const size = found.payload.length
  if (size > 0x3fff) throw corrupt('A sequence header has more than 16383 bytes.')
  const sizeBytes = size < 128 ? [size] : [(size & 127) | 128, size >> 7]
  return concatBytes([Uint8Array.of(0x81, (profile << 5) | level, flags, 0, 0x0a, ...sizeBytes), found.payload])
}

interface Av1Record {
  readonly profile: number
  readonly level: number
  readonly highTier: boolean
  readonly format: Av1Format
  readonly sequence: Av1Sequence | undefined
}

function parseAv1C(config: Uint8Array): Av1Record {
  need(config, 0, 4, 'av1C')
  if (config[0] !== 0x81) throw corrupt('av1C has no marker or another version than 1.')
  const flags = u8(config, 2)
  const sequence = findAv1Sequence(config.subarray(4))?.sequence
  const format: Av1Format = {
    bitDepth: flags & 0x40 ? (flags & 0x20 ? 12 : 10) : 8,
    monochrome: (flags & 0x10) !== 0,
    subsamplingX: (flags & 8) !== 0,
    subsamplingY: (flags & 4) !== 0,
    chromaPosition: flags & 3,
    colour: sequence?.format.colour ?? { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
  }
  return { profile: u8(config, 1) >> 5, level: u8(config, 1) & 31, highTier: flags >= 128, format, sequence }
}

/** What an `av1C` says; size and colour only where it has a sequence header. */
export function describeAv1(config: Uint8Array): VideoDescription {
  const { profile, level, format, sequence } = parseAv1C(config)
  return {
    width: sequence?.width,
    height: sequence?.height,
    colour: sequence?.format.colour,
    frameRate: sequence?.frameRate,
    nominalFrameRate: sequence?.nominalFrameRate,
    // Temporal units come in the order in which they are shown (AV1 §7.5).
    reorderFrames: 0,
    bitDepth: format.bitDepth,
    chromaFormat: format.monochrome ? 0 : format.subsamplingY ? 1 : format.subsamplingX ? 2 : 3,
    interlaced: false,
    profile,
    level,
  }
}

/** `av01.P.LLT.DD`, with the colour fields only where one is not the default (AV1-ISOBMFF §5). */
export function av1CodecString(config: Uint8Array): string {
  const { profile, level, highTier, format } = parseAv1C(config)
  const two = (value: number): string => String(value).padStart(2, '0')
  const base = `av01.${profile}.${two(level)}${highTier ? 'H' : 'M'}.${two(format.bitDepth)}`
  const { colour, monochrome, subsamplingX, subsamplingY } = format
  const isDefaultPoint = (point: number): boolean => point === 1 || point === 2
  const isDefault =
    !monochrome &&
    subsamplingX &&
    subsamplingY &&
    !colour.fullRange &&
    [colour.primaries, colour.transfer, colour.matrix].every(isDefaultPoint)
  if (isDefault) return base
  const chroma = `${Number(subsamplingX)}${Number(subsamplingY)}${format.chromaPosition}`
  const points = [colour.primaries, colour.transfer, colour.matrix].map(two).join('.')
  return `${base}.${Number(monochrome)}.${chroma}.${points}.${Number(colour.fullRange)}`
}
