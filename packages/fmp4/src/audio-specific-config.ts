/** What the sample entry of an AAC track repeats of its AudioSpecificConfig. */
export interface AudioSpecificFields {
  /** Rate that the configuration states: the extension's with SBR told at its beginning, else the core's. Hz. */
  readonly sampleRate: number | undefined
  /** Rate of the coded frames (half of what SBR puts out), Hz. */
  readonly coreSampleRate: number | undefined
  /** Coded channels; `undefined` where a program config element lists them. */
  readonly channels: number | undefined
}

const RATES = [96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350]
const CHANNELS: readonly (number | undefined)[] = [
  undefined,
  1,
  2,
  3,
  4,
  5,
  6,
  8,
  undefined,
  undefined,
  undefined,
  7,
  8,
  24,
  8,
]

/**
 * The first fields of an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1). A configuration that ends early gives
 * `undefined` fields. SBR that is told after the core's configuration doesn't change the rate: players without SBR
 * read the entry too.
 */
export function readAudioSpecificConfig(config: Uint8Array): AudioSpecificFields {
  let position = 0
  const bits = (count: number): number => {
    let value = 0
    for (let i = 0; i < count; i++, position++) {
      value = (value << 1) | (((config[position >> 3] ?? 0) >> (7 - (position & 7))) & 1)
    }
    return value
  }
  const objectType = (): number => {
    const short = bits(5)
    return short === 31 ? 32 + bits(6) : short
  }
  const rate = (): number | undefined => {
    const index = bits(4)
    return index === 15 ? bits(24) : RATES[index]
  }
  const type = objectType()
  const coreSampleRate = rate()
  const channels = CHANNELS[bits(4)]
  const hasSbr = type === 5 || type === 29
  const sampleRate = hasSbr ? rate() : coreSampleRate
  if (position > config.length * 8) return { sampleRate: undefined, coreSampleRate: undefined, channels: undefined }
  return { sampleRate: sampleRate || undefined, coreSampleRate: coreSampleRate || undefined, channels }
}
