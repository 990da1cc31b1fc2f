import { corrupt, hasText, need, u8, u16, u16le, u32le } from './bytes.js'
import type { AudioDescription, FrameConfiguration } from './description.js'

/** Opus always comes out at 48 kHz (RFC 7845 §5.1). */
const RATE = 48000

/**
 * Turns an OpusHead (RFC 7845 §5.1, Matroska's CodecPrivate) into the payload of `dOps` (Opus in ISOBMFF §4.3.2), whose
 * numbers are big-endian.
 *
 * @throws CuemuxError `CORRUPT_INDEX`
 */
export function opusHeadToDops(head: Uint8Array): Uint8Array {
  if (!hasText(head, 0, 'OpusHead')) throw corrupt('OpusHead has another magic.')
  need(head, 8, 11, 'OpusHead')
  // The upper half of the version's bits is the incompatible one.
  if (u8(head, 8) > 15) throw corrupt(`OpusHead has version ${head[8]}.`)
  const family = u8(head, 18)
  const mappingLength = family === 0 ? 0 : 2 + u8(head, 9)
  need(head, 19, mappingLength, 'OpusHead')
  const dops = new Uint8Array(11 + mappingLength)
  const view = new DataView(dops.buffer)
  dops[1] = u8(head, 9)
  view.setUint16(2, u16le(head, 10))
  view.setUint32(4, u32le(head, 12))
  view.setUint16(8, u16le(head, 16))
  dops[10] = family
  dops.set(head.subarray(19, 19 + mappingLength), 11)
  checkDops(dops)
  return dops
}

function checkDops(dops: Uint8Array): void {
  need(dops, 0, 11, 'dOps')
  if (dops[0] !== 0) throw corrupt(`dOps has version ${dops[0]}, not 0.`)
  const channels = u8(dops, 1)
  const family = u8(dops, 10)
  if (channels === 0 || (family === 0 && channels > 2)) throw corrupt(`dOps has ${channels} channels.`)
  if (family === 0) return
  need(dops, 11, 2 + channels, 'dOps')
  const streams = u8(dops, 11)
  if (streams === 0 || u8(dops, 12) > streams) throw corrupt('dOps has no streams, or more coupled ones than streams.')
}

/** What a `dOps` says; how long its packets are only they tell. */
export function describeOpus(config: Uint8Array): AudioDescription {
  checkDops(config)
  return { sampleRate: RATE, channels: u8(config, 1), preSkip: u16(config, 2) }
}

/**
 * Length of an Opus packet in samples at 48 kHz, from its table-of-contents byte and frame count (RFC 6716 §3);
 * 0 for a packet that has none or lasts over 120 ms. Looks at two bytes.
 */
export function opusPacketSamples(packet: Uint8Array): number {
  if (packet.length === 0) return 0
  const toc = u8(packet, 0)
  const mode = toc >> 3
  let frame: number
  if (mode < 12) frame = [480, 960, 1920, 2880][mode & 3] ?? 0
  else if (mode < 16) frame = mode & 1 ? 960 : 480
  else frame = 120 << (mode & 3)
  const code = toc & 3
  const count = code === 0 ? 1 : code < 3 ? 2 : u8(packet, 1) & 63
  const samples = frame * count
  return samples <= 5760 ? samples : 0
}

/** A `dOps` for a track without OpusHead: mono or stereo as its first packet, nothing to skip. */
export function opusConfigFromPacket(packet: Uint8Array): FrameConfiguration | undefined {
  const frameSamples = opusPacketSamples(packet)
  if (frameSamples === 0) return undefined
  const config = opusConfigOfChannels(u8(packet, 0) & 4 ? 2 : 1)
  return config && { config, description: { ...describeOpus(config), frameSamples } }
}

/** Streams, coupled streams and the channels' places of mapping family 1 (RFC 7845 §5.1.1.2), by the number of channels from 3 on. */
const SURROUND: readonly (readonly number[])[] = [
  [2, 1, 0, 2, 1],
  [2, 2, 0, 1, 2, 3],
  [3, 2, 0, 4, 1, 2, 3],
  [4, 2, 0, 4, 1, 2, 3, 5],
  [4, 3, 0, 4, 1, 2, 3, 5, 6],
  [5, 3, 0, 6, 1, 2, 3, 4, 5, 7],
]

/**
 * The `dOps` of a number of channels as Opus lays them out by default: family 0 for one and two, family 1 from there up to
 * eight, as the channel_config_code of a transport stream names them (ETSI TS 103 491). `undefined` for other numbers.
 */
export function opusConfigOfChannels(channels: number): Uint8Array | undefined {
  const surround = SURROUND[channels - 3]
  if (surround === undefined && channels !== 1 && channels !== 2) return undefined
  const config = new Uint8Array(11 + (surround?.length ?? 0))
  config[1] = channels
  new DataView(config.buffer).setUint32(4, RATE)
  if (surround === undefined) return config
  config[10] = 1
  config.set(surround, 11)
  return config
}
