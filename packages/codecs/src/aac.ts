import { CuemuxError } from '@cuemux/core'
import { BitReader } from './bit-reader.js'
import { BitWriter } from './bit-writer.js'
import { corrupt, need, u8, u16 } from './bytes.js'
import type { AudioDescription, FrameConfiguration } from './description.js'

/** samplingFrequencyIndex 0 to 12 (ISO/IEC 14496-3 Table 1.18). */
const RATES: readonly number[] = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
]
/** channelConfiguration 0 to 15 (Table 1.19 with ISO/IEC 23001-8); 0 asks the program config element. */
const CHANNELS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8, 0]
/** Object types with a GASpecificConfig (§1.6.2.1). */
const GENERAL_AUDIO: ReadonlySet<number> = new Set([1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23])
const LC = 2
const SBR = 5
const LD = 23
const PS = 29
const ELD = 39
const USAC = 42

interface Asc {
  objectType: number
  /** Of the core, without SBR. */
  coreRate: number
  coreChannels: number | undefined
  /** Samples per frame at the core's rate. */
  coreFrame: number | undefined
  /** 0 without SBR. */
  sbrRate: number
  ps: boolean
}

/**
 * What an AudioSpecificConfig says (ISO/IEC 14496-3 §1.6.2.1): `objectType` is 5 or 29 where SBR or parametric stereo is
 * signalled in either way. SBR that only the frames have isn't seen.
 *
 * @throws CuemuxError `CORRUPT_INDEX`
 */
export function describeAac(config: Uint8Array): AudioDescription {
  const asc = parseAsc(config)
  const sampleRate = asc.sbrRate > 0 ? asc.sbrRate : asc.coreRate
  const frame = asc.coreFrame === undefined ? undefined : (asc.coreFrame * sampleRate) / asc.coreRate
  return {
    sampleRate,
    channels: asc.ps && asc.coreChannels === 1 ? 2 : asc.coreChannels,
    frameSamples: frame !== undefined && Number.isInteger(frame) ? frame : undefined,
    objectType: asc.ps ? PS : asc.sbrRate > 0 ? SBR : asc.objectType,
  }
}

function parseAsc(config: Uint8Array): Asc {
  const reader = new BitReader(config)
  const asc: Asc = { objectType: 0, coreRate: 0, coreChannels: undefined, coreFrame: 1024, sbrRate: 0, ps: false }
  asc.objectType = readObjectType(reader)
  asc.coreRate = readRate(reader)
  const channelConfiguration = reader.bits(4)
  const isExplicit = asc.objectType === SBR || asc.objectType === PS
  if (isExplicit) {
    asc.ps = asc.objectType === PS
    asc.sbrRate = readRate(reader)
    asc.objectType = readObjectType(reader)
    if (asc.objectType === 22) reader.skip(4)
  }
  asc.coreChannels = CHANNELS[channelConfiguration] || undefined
  if (GENERAL_AUDIO.has(asc.objectType)) readGeneralAudio(reader, asc, channelConfiguration)
  else if (asc.objectType === ELD) asc.coreFrame = reader.flag() ? 480 : 512
  else if (asc.objectType === USAC) readUsac(reader, asc)
  else asc.coreFrame = undefined
  // Without GASpecificConfig the place of the extension isn't known.
  if (!isExplicit && GENERAL_AUDIO.has(asc.objectType)) readSyncExtension(reader, asc)
  return asc
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5)
  return type === 31 ? 32 + reader.bits(6) : type
}

function readRate(reader: BitReader): number {
  const index = reader.bits(4)
  const rate = index === 15 ? reader.bits(24) : RATES[index]
  if (rate === undefined || rate === 0)
    throw corrupt(`AudioSpecificConfig has the reserved sample rate index ${index}.`)
  return rate
}

/** GASpecificConfig (§4.4.1) and, for error-resilient types, epConfig. */
function readGeneralAudio(reader: BitReader, asc: Asc, channelConfiguration: number): void {
  const isShort = reader.flag()
  asc.coreFrame = asc.objectType === LD ? (isShort ? 480 : 512) : isShort ? 960 : 1024
  if (reader.flag()) reader.skip(14)
  const hasExtension = reader.flag()
  if (channelConfiguration === 0) asc.coreChannels = readProgramChannels(reader)
  if (asc.objectType === 6 || asc.objectType === 20) reader.skip(3)
  if (hasExtension) {
    if (asc.objectType === 22) reader.skip(16)
    else if ([17, 19, 20, 23].includes(asc.objectType)) reader.skip(3)
    reader.skip(1)
  }
  if (asc.objectType >= 17) reader.skip(2)
}

/** program_config_element() (§4.4.1.1): channels of all its elements. */
function readProgramChannels(reader: BitReader): number | undefined {
  reader.skip(10)
  const groups = [reader.bits(4), reader.bits(4), reader.bits(4)]
  const lfe = reader.bits(2)
  const associated = reader.bits(3)
  const coupling = reader.bits(4)
  if (reader.flag()) reader.skip(4)
  if (reader.flag()) reader.skip(4)
  if (reader.flag()) reader.skip(3)
  let channels = lfe
  for (const elements of groups) {
    for (let i = 0; i < elements; i++) {
      channels += reader.flag() ? 2 : 1
      reader.skip(4)
    }
  }
  reader.skip(4 * (lfe + associated) + 5 * coupling)
  reader.skip(-reader.position & 7)
  reader.skip(8 * reader.bits(8))
  return channels || undefined
}

/** UsacConfig (ISO/IEC 23003-3 §5.2): output rate and frame length; the channels stay with channelConfiguration. */
function readUsac(reader: BitReader, asc: Asc): void {
  const index = reader.bits(5)
  if (index === 31) reader.skip(24)
  asc.coreFrame = [768, 1024, 2048, 2048, 4096][reader.bits(3)]
  const usacChannels = reader.bits(5)
  asc.coreChannels ??= CHANNELS[usacChannels] || undefined
}

/** The backwards-compatible signalling of SBR and parametric stereo (§1.6.5.2): syncExtensionType 0x2b7, then 0x548. */
function readSyncExtension(reader: BitReader, asc: Asc): void {
  if (reader.left < 16 || reader.bits(11) !== 0x2b7) return
  const type = readObjectType(reader)
  if ((type !== SBR && type !== 22) || reader.left < 5 || !reader.flag()) return
  asc.sbrRate = readRate(reader)
  if (type === SBR && reader.left >= 12 && reader.bits(11) === 0x548) asc.ps = reader.flag()
}

/** What an AudioSpecificConfig is made of. */
export interface AacParameters {
  /** Samples per second of the core. */
  readonly sampleRate: number
  /** 1 to 6, or 8 for 7.1. */
  readonly channels: number
  /** Audio object type; 2 (LC) where it is left out. */
  readonly objectType?: number | undefined
  /** Output rate with SBR, signalled so that decoders without SBR can pass over it (§1.6.5.2); a rate of the standard's table. */
  readonly sbrRate?: number | undefined
}

/**
 * An AudioSpecificConfig for a track that has none: two bytes, or five for a rate outside the standard's table.
 *
 * @throws CuemuxError `BAD_REQUEST` for channels or a rate that it can't express
 */
export function writeAudioSpecificConfig(parameters: AacParameters): Uint8Array {
  const { sampleRate, channels, objectType = LC } = parameters
  const configuration = channels === 8 ? 7 : channels
  if (!(Number.isInteger(configuration) && configuration >= 1 && configuration <= 7) || channels === 7) {
    throw new CuemuxError('BAD_REQUEST', `channels is ${channels}; 1 to 6 and 8 are possible.`)
  }
  if (!(Number.isInteger(sampleRate) && sampleRate > 0 && sampleRate < 1 << 24)) {
    throw new CuemuxError('BAD_REQUEST', `sampleRate is ${sampleRate}; a whole number below 2^24 is needed.`)
  }
  if (!(Number.isInteger(objectType) && objectType >= 1 && objectType <= 30)) {
    throw new CuemuxError('BAD_REQUEST', `objectType is ${objectType}; 1 to 30 are possible.`)
  }
  const index = RATES.indexOf(sampleRate)
  const writer = new BitWriter().bits(objectType, 5)
  if (index >= 0) writer.bits(index, 4)
  else writer.bits(15, 4).bits(sampleRate, 24)
  writer.bits(configuration, 4).bits(0, 3)
  const sbrIndex = parameters.sbrRate === undefined ? -1 : RATES.indexOf(parameters.sbrRate)
  if (sbrIndex >= 0) writer.bits(0x2b7, 11).bits(SBR, 5).bits(1, 1).bits(sbrIndex, 4)
  return writer.toBytes()
}

/** AudioSpecificConfig from an ADTS frame (§1.A.2.2); `undefined` where the bytes are none. */
export function aacConfigFromAdts(frame: Uint8Array): FrameConfiguration | undefined {
  if (frame.length < 7 || (u16(frame, 0) & 0xfff6) !== 0xfff0) return undefined
  const index = (u8(frame, 2) >> 2) & 15
  const configuration = (u16(frame, 2) >> 6) & 7
  if (index > 12 || configuration === 0) return undefined
  const writer = new BitWriter().bits((u8(frame, 2) >> 6) + 1, 5).bits(index, 4)
  const config = writer.bits(configuration, 4).bits(0, 3).toBytes()
  return { config, description: describeAac(config) }
}

/** `mp4a.40.N`; N is 5 or 29 where SBR or parametric stereo is signalled in either way. */
export function aacCodecString(config: Uint8Array): string {
  need(config, 0, 2, 'AudioSpecificConfig')
  return `mp4a.40.${describeAac(config).objectType}`
}
