import { pcmConfig } from '@cuemux/codecs'
import { type BoxPlace, firstOf, u16 } from './boxes.js'

/** How a sound entry of QuickTime lays out PCM. */
export interface QuickTimePcm {
  /** Bits of one value. */
  readonly bitDepth: number
  readonly isFloat: boolean
  readonly isLittleEndian: boolean
  readonly hasSign: boolean
}

/** What an entry says beside its four characters. */
interface EntryFacts {
  readonly sampleBits: number
  /** `formatSpecificFlags` of version 2; 0 in others. */
  readonly formatFlags: number
  readonly boxes: readonly BoxPlace[]
}

/** Bits of a value by entry, where the entry's own field may be wrong (QTFF, "Sound Media"). */
const VALUE_BITS: Readonly<Record<string, number>> = { in24: 24, in32: 32, fl32: 32, fl64: 64 }
/** Flags of Core Audio (QTFF, "Sound Sample Description (Version 2)"). */
const LPCM = { isFloat: 1, isBigEndian: 2, hasSign: 4, isPlanar: 32 } as const

/** Sound that is stored as a value for each channel, as a table's row for each frame. */
const TABLED: ReadonlySet<string> = new Set(['alaw', 'ulaw'])

/**
 * The layout of the samples of `twos`, `sowt`, `lpcm`, `in24`, `in32`, `fl32`, `fl64`, `raw ` and `NONE`; `undefined` for
 * other entries, and for `lpcm` that is planar or has longer values without a sign.
 */
export function quickTimePcm(bytes: Uint8Array, format: string, facts: EntryFacts): QuickTimePcm | undefined {
  const bitDepth = VALUE_BITS[format] ?? (8 * Math.ceil(facts.sampleBits / 8) || 16)
  switch (format) {
    case 'twos':
      return { bitDepth, isFloat: false, isLittleEndian: false, hasSign: true }
    case 'sowt':
      return { bitDepth, isFloat: false, isLittleEndian: true, hasSign: true }
    case 'raw ':
    case 'NONE':
      // Bytes have no sign, longer values are those of `twos`.
      return { bitDepth, isFloat: false, isLittleEndian: false, hasSign: bitDepth > 8 }
    case 'in24':
    case 'in32':
    case 'fl32':
    case 'fl64': {
      const enda = firstOf(facts.boxes, 'enda')
      const isLittleEndian = enda !== undefined && enda.end - enda.body >= 2 && u16(bytes, enda.body) === 1
      return { bitDepth, isFloat: format.startsWith('fl'), isLittleEndian, hasSign: true }
    }
    case 'lpcm':
      return lpcm(bitDepth, facts.formatFlags)
    default:
      return undefined
  }
}

function lpcm(bitDepth: number, flags: number): QuickTimePcm | undefined {
  const has = (flag: number): boolean => (flags & flag) !== 0
  const isFloat = has(LPCM.isFloat)
  const hasSign = isFloat || has(LPCM.hasSign)
  if (has(LPCM.isPlanar) || (!hasSign && bitDepth > 8)) return undefined
  return { bitDepth, isFloat, isLittleEndian: !has(LPCM.isBigEndian), hasSign }
}

/** Whether a sound entry's tables have a row for each frame of sound. */
export function isTabledByFrame(bytes: Uint8Array, format: string, facts: EntryFacts): boolean {
  return (
    format === 'ipcm' || format === 'fpcm' || TABLED.has(format) || quickTimePcm(bytes, format, facts) !== undefined
  )
}

/** Bytes of a frame of such sound, all channels. */
export function soundFrameBytes(
  bytes: Uint8Array,
  format: string,
  facts: EntryFacts & { readonly channels: number },
): number {
  const bits = TABLED.has(format) ? 8 : (quickTimePcm(bytes, format, facts)?.bitDepth ?? facts.sampleBits)
  return facts.channels * Math.ceil(bits / 8)
}

/** The payload of `pcmC` and the sample entry that say the same as QuickTime's; none for values without a sign. */
export function isoPcm(pcm: QuickTimePcm): { readonly config: Uint8Array; readonly sampleEntry: 'ipcm' | 'fpcm' } {
  const { bitDepth, isFloat, isLittleEndian, hasSign } = pcm
  const config = hasSign ? pcmConfig({ bitDepth, isLittleEndian }) : new Uint8Array(0)
  return { config, sampleEntry: isFloat ? 'fpcm' : 'ipcm' }
}

/** Whether ISO/IEC 23003-5 §5.1 has values of such a length: those of 8 bits, and 16-bit floats, it doesn't. */
export function isIsoDepth({ bitDepth, isFloat, hasSign }: QuickTimePcm): boolean {
  return hasSign && (isFloat ? [32, 64] : [16, 24, 32]).includes(bitDepth)
}
