import { u8, u32 } from './bytes.js'

/** What the header of an MPEG audio frame says (ISO/IEC 11172-3 §2.4.1.3, 13818-3). */
export interface MpegAudioHeader {
  /** 1, 2, or 2.5 for the lowest rates. */
  readonly version: 1 | 2 | 2.5
  readonly layer: 1 | 2 | 3
  readonly sampleRate: number
  readonly channels: 1 | 2
  /** 384, 576 or 1152. */
  readonly frameSamples: number
  readonly bitrateBps: number
  /** Size of the frame with its header. */
  readonly frameBytes: number
}

/** kbit/s of bitrate_index 1 to 14. */
const V1_LAYER_1 = [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448] as const
const V1_LAYER_2 = [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384] as const
const V1_LAYER_3 = [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320] as const
const V2_LAYER_1 = [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256] as const
const V2_LAYER_23 = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160] as const
const RATES: readonly number[] = [44100, 48000, 32000]

/** Parses the header of an MPEG audio frame; `undefined` where the bytes are none (free format counts as none). */
export function parseMpegAudioHeader(frame: Uint8Array): MpegAudioHeader | undefined {
  if (frame.length < 4) return undefined
  const word = u32(frame, 0)
  const versionCode = (word >>> 19) & 3
  const layerCode = (word >>> 17) & 3
  const rate = RATES[(word >>> 10) & 3]
  if (word >>> 21 !== 0x7ff || versionCode === 1 || layerCode === 0 || rate === undefined) return undefined
  const layer = (4 - layerCode) as 1 | 2 | 3 // layerCode is 1, 2 or 3
  const version = versionCode === 3 ? 1 : versionCode === 2 ? 2 : 2.5
  const kbps = bitRates(version === 1, layer)[((word >>> 12) & 15) - 1]
  if (kbps === undefined) return undefined
  const sampleRate = rate / (version === 1 ? 1 : version === 2 ? 2 : 4)
  const frameSamples = layer === 1 ? 384 : layer === 3 && version !== 1 ? 576 : 1152
  const padding = (u8(frame, 2) >> 1) & 1
  const slots = Math.floor((frameSamples * kbps * 1000) / (8 * sampleRate * (layer === 1 ? 4 : 1))) + padding
  return {
    version,
    layer,
    sampleRate,
    channels: u8(frame, 3) >> 6 === 3 ? 1 : 2,
    frameSamples,
    bitrateBps: kbps * 1000,
    frameBytes: layer === 1 ? slots * 4 : slots,
  }
}

function bitRates(isVersion1: boolean, layer: 1 | 2 | 3): readonly number[] {
  if (!isVersion1) return layer === 1 ? V2_LAYER_1 : V2_LAYER_23
  return layer === 1 ? V1_LAYER_1 : layer === 2 ? V1_LAYER_2 : V1_LAYER_3
}
