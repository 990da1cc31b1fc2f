import { BitReader } from './bit-reader.js'
import type { AudioDescription } from './description.js'

/** Sample rates of SFREQ (ETSI TS 102 114 Table 5-5); 0 is invalid. */
const RATES: readonly number[] = [0, 8000, 16000, 32000, 0, 0, 11025, 22050, 44100, 0, 0, 12000, 24000, 48000, 0, 0]
/** Channels of AMODE 0 to 15 (Table 5-4). */
const CHANNELS: readonly number[] = [1, 2, 2, 2, 2, 3, 3, 4, 4, 5, 6, 6, 6, 7, 8, 8]

/**
 * What the core's frame header says (ETSI TS 102 114 §5.3.1); extensions (HD, X) aren't looked at. `undefined` where the
 * bytes are no core frame of 16-bit words, big-endian, as containers carry it.
 */
export function describeDtsCore(frame: Uint8Array): AudioDescription | undefined {
  if (frame.length < 14) return undefined
  const reader = new BitReader(frame)
  if (reader.bits(32) !== 0x7ffe8001) return undefined
  reader.skip(1 + 5 + 1)
  const blocks = reader.bits(7) + 1
  const frameBytes = reader.bits(14) + 1
  const mode = reader.bits(6)
  const sampleRate = RATES[reader.bits(4)] ?? 0
  if (sampleRate === 0 || blocks < 6 || frameBytes < 96) return undefined
  // RATE, four flags and FixedBit, EXT_AUDIO_ID, EXT_AUDIO, ASPF
  reader.skip(5 + 1 + 1 + 1 + 1 + 1 + 3 + 1 + 1)
  const lowFrequency = reader.bits(2)
  const channels = CHANNELS[mode]
  const hasLfe = lowFrequency === 1 || lowFrequency === 2
  return {
    sampleRate,
    channels: channels === undefined ? undefined : channels + (hasLfe ? 1 : 0),
    frameSamples: blocks * 32,
  }
}
