import { BitReader } from './bit-reader.js'
import { BitWriter } from './bit-writer.js'
import { corrupt, need } from './bytes.js'
import type { AudioDescription } from './description.js'

/** Sample rates of fscod 0 to 2 (ETSI TS 102 366 §4.4.1.3). */
export const AC3_RATES: readonly number[] = [48000, 44100, 32000]
/** Full-bandwidth channels of each acmod (§4.4.2.3). */
export const AC3_CHANNELS: readonly number[] = [2, 1, 2, 3, 3, 4, 4, 5]
/** kbit/s of each bit_rate_code, which is frmsizecod / 2 (Table 4.13). */
const KBPS: readonly number[] = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 576, 640]

/** What an AC-3 syncframe says. */
export interface Ac3Frame {
  readonly fscod: number
  readonly bsid: number
  readonly bsmod: number
  readonly acmod: number
  readonly lfe: boolean
  /** Half of frmsizecod. */
  readonly rateCode: number
  readonly frameBytes: number
}

/** Parses syncinfo and the start of bsi (§4.3.1, §4.3.2). Throws `CORRUPT_INDEX`. */
export function parseAc3Frame(data: Uint8Array, offset = 0): Ac3Frame {
  const reader = new BitReader(data, offset)
  if (reader.bits(16) !== 0x0b77) throw corrupt('An AC-3 frame has no sync word.')
  reader.skip(16)
  const fscod = reader.bits(2)
  const sizeCode = reader.bits(6)
  const bsid = reader.bits(5)
  const bsmod = reader.bits(3)
  const acmod = reader.bits(3)
  if ((acmod & 1) === 1 && acmod !== 1) reader.skip(2)
  if (acmod & 4) reader.skip(2)
  if (acmod === 2) reader.skip(2)
  const lfe = reader.flag()
  const kbps = KBPS[sizeCode >> 1]
  const rate = AC3_RATES[fscod]
  if (kbps === undefined || rate === undefined || bsid > 10) throw corrupt('An AC-3 frame has reserved codes.')
  // Table 4.13 in 16-bit words; at 44.1 kHz the odd code has one word more.
  const words = fscod === 1 ? Math.floor((kbps * 320) / 147) + (sizeCode & 1) : (kbps * 96000) / rate
  return { fscod, bsid, bsmod, acmod, lfe, rateCode: sizeCode >> 1, frameBytes: words * 2 }
}

/** `dac3` from a syncframe (ETSI TS 102 366 Annex F.4). */
export function ac3ConfigFromFrame(frame: Uint8Array): Uint8Array {
  const { fscod, bsid, bsmod, acmod, lfe, rateCode } = parseAc3Frame(frame)
  const writer = new BitWriter().bits(fscod, 2).bits(bsid, 5).bits(bsmod, 3).bits(acmod, 3)
  return writer
    .bits(lfe ? 1 : 0, 1)
    .bits(rateCode, 5)
    .bits(0, 5)
    .toBytes()
}

/** What a `dac3` says. */
export function describeAc3(config: Uint8Array): AudioDescription {
  need(config, 0, 3, 'dac3')
  const reader = new BitReader(config)
  const rate = AC3_RATES[reader.bits(2)]
  const bsid = reader.bits(5)
  reader.skip(3)
  const channels = (AC3_CHANNELS[reader.bits(3)] ?? 0) + reader.bits(1)
  const kbps = KBPS[reader.bits(5)]
  if (rate === undefined || kbps === undefined) throw corrupt('dac3 has a reserved sample rate or bit rate.')
  // bsid 9 and 10 halve and quarter the rates of the codes.
  const shift = bsid === 9 ? 1 : bsid === 10 ? 2 : 0
  return { sampleRate: rate >> shift, channels, frameSamples: 1536, bitrateBps: (kbps * 1000) / 2 ** shift }
}
