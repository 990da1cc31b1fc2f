import { corrupt, need, u8 } from './bytes.js'
import type { AudioDescription } from './description.js'

/** How PCM samples lie in the bytes. */
export interface PcmFormat {
  /** Bits per sample and channel: 8, 16, 24, 32, or 64. */
  readonly bitDepth: number
  readonly isLittleEndian: boolean
}

/** Payload of `pcmC`, version and flags included (ISO/IEC 23003-5 §5.2.2), for an `ipcm` or `fpcm` sample entry. */
export function pcmConfig({ bitDepth, isLittleEndian }: PcmFormat): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, isLittleEndian ? 1 : 0, bitDepth)
}

/** What a `pcmC` says. */
export function describePcm(config: Uint8Array): AudioDescription {
  need(config, 0, 6, 'pcmC')
  const bitDepth = u8(config, 5)
  if (bitDepth === 0 || bitDepth % 8 !== 0 || bitDepth > 64)
    throw corrupt(`pcmC has a sample size of ${bitDepth} bits.`)
  return { bitDepth }
}
