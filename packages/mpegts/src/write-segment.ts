import { forEachNalUnit, withParameterSets } from '@cuemux/codecs'
import {
  type AudioTrack,
  CuemuxError,
  concatBytes,
  rescale,
  SAMPLE_SYNC,
  type SampleBatch,
  type VideoTrack,
} from '@cuemux/core'
import { CLOCK_RATE } from './clock.js'
import { PacketWriter } from './packet-writer.js'

/** A segment as a transport stream. */
export interface TsSegment {
  readonly bytes: Uint8Array
  /** Of video: bytes from the start in which the first sample is, with the program's tables. */
  readonly keyframeBytes: number
}

const PAT_PID = 0
const PMT_PID = 0x1000
const MEDIA_PID = 0x100
const STREAM_TYPES = { h264: 0x1b, aac: 0x0f } as const
/** Times start here, ticks of 90 kHz: the clock runs ahead of the first decode time. */
const ZERO = CLOCK_RATE
/** By how much the program's clock lies before decode times: what a decoder buffers, ticks of 90 kHz. */
const CLOCK_LEAD = 63_000
/** A time stamp has 33 bits. */
const WRAP = 2 ** 33
/** Frames of sound in a PES packet: one each would be a third of padding. */
const FRAMES_IN_PES = 8
const ADTS_BYTES = 7
const START_CODE = Uint8Array.of(0, 0, 0, 1)
/** An access unit delimiter that allows any slices, which players of HLS expect before each picture. */
const DELIMITER = Uint8Array.of(0, 0, 0, 1, 9, 0xf0)

/**
 * A segment of H.264 or AAC as an MPEG transport stream of one program (ISO/IEC 13818-1): tables first, then PES packets
 * with the samples' own times, all of a film on one clock. The same arguments give the same bytes.
 *
 * @param track with its configuration; NAL units have lengths of as many bytes as that says
 * @param shift from the batch's clock to the output's, ticks of the batch
 * @throws CuemuxError `UNSUPPORTED_CODEC` for any other codec, `CORRUPT_MEDIA`
 */
export function writeTsSegment(track: VideoTrack | AudioTrack, batch: SampleBatch, shift: number): TsSegment {
  const { codec } = track
  if (codec !== 'h264' && codec !== 'aac') {
    throw new CuemuxError('UNSUPPORTED_CODEC', `Segments of MPEG-TS have H.264 or AAC, not ${codec}.`)
  }
  const writer = new PacketWriter()
  writer.writeSection(PAT_PID, section(0, 1, [0, 1, 0xe0 | (PMT_PID >> 8), PMT_PID & 0xff]))
  const pid = [0xe0 | (MEDIA_PID >> 8), MEDIA_PID & 0xff]
  writer.writeSection(PMT_PID, section(2, 1, [...pid, 0xf0, 0, STREAM_TYPES[codec], ...pid, 0xf0, 0]))
  const stampOf = (ticks: number): number => ZERO + rescale(ticks + shift, batch.timescale, CLOCK_RATE)
  const keyframeBytes =
    track.kind === 'video' ? writePictures(writer, track, batch, stampOf) : writeSound(writer, track, batch, stampOf)
  return { bytes: writer.bytes.slice(), keyframeBytes }
}

function section(tableId: number, id: number, body: readonly number[]): Uint8Array {
  const length = 5 + body.length + 4
  return Uint8Array.of(tableId, 0xb0 | (length >> 8), length & 0xff, 0, id, 0xc1, 0, 0, ...body)
}

function writePictures(
  writer: PacketWriter,
  track: VideoTrack,
  batch: SampleBatch,
  stampOf: (ticks: number) => number,
): number {
  const { config } = track.descriptions[batch.descriptionIndex] ?? track.descriptions[0]
  const lengthSize = ((config[4] ?? 3) & 3) + 1
  let keyframeBytes = 0
  batch.data.forEach((sample, i) => {
    const dts = batch.dts[i] ?? 0
    const isKey = ((batch.flags[i] ?? 0) & SAMPLE_SYNC) !== 0
    const whole = isKey ? withParameterSets('h264', config, sample) : sample
    const decode = stampOf(dts)
    const present = stampOf(dts + (batch.compositionOffset[i] ?? 0))
    const unit = concatBytes([pesHeader(0xe0, 0, present, decode), DELIMITER, ...startCoded(whole, lengthSize)])
    writer.writeUnit(MEDIA_PID, unit, { pcr: wrapped(decode - CLOCK_LEAD), isRandomAccess: isKey })
    if (i === 0) keyframeBytes = writer.bytes.length
  })
  return keyframeBytes
}

/** Start codes for lengths, and no delimiter but ours. */
function startCoded(sample: Uint8Array, lengthSize: number): Uint8Array[] {
  const pieces: Uint8Array[] = []
  forEachNalUnit(sample, lengthSize, (start, end) => {
    if (((sample[start] ?? 0) & 31) !== 9) pieces.push(START_CODE, sample.subarray(start, end))
  })
  return pieces
}

function writeSound(
  writer: PacketWriter,
  track: AudioTrack,
  batch: SampleBatch,
  stampOf: (ticks: number) => number,
): number {
  const { config } = track.descriptions[batch.descriptionIndex] ?? track.descriptions[0]
  for (let first = 0; first < batch.count; first += FRAMES_IN_PES) {
    const frames = batch.data.slice(first, first + FRAMES_IN_PES)
    const payload = concatBytes(frames.flatMap(frame => [adtsHeader(config, frame.length), frame]))
    const present = stampOf(batch.dts[first] ?? 0)
    const unit = concatBytes([pesHeader(0xc0, payload.length, present, present), payload])
    writer.writeUnit(MEDIA_PID, unit, { pcr: wrapped(present - CLOCK_LEAD), isRandomAccess: true })
  }
  return 0
}

/** ISO/IEC 14496-3 §1.A.2.2, out of an AudioSpecificConfig. */
function adtsHeader(config: Uint8Array, frameBytes: number): Uint8Array {
  const [first = 0, second = 0] = config
  const profile = (first >> 3) - 1
  const rate = ((first & 7) << 1) | (second >> 7)
  const channels = (second >> 3) & 15
  const length = frameBytes + ADTS_BYTES
  return Uint8Array.of(
    ...[0xff, 0xf1, (profile << 6) | (rate << 2) | (channels >> 2), ((channels & 3) << 6) | (length >> 11)],
    ...[(length >> 3) & 0xff, ((length & 7) << 5) | 0x1f, 0xfc],
  )
}

/** @param payloadBytes 0 for a length that isn't said, as video may */
function pesHeader(streamId: number, payloadBytes: number, present: number, decode: number): Uint8Array {
  const hasDecode = present !== decode
  const stamps = hasDecode ? [...stamp(3, present), ...stamp(1, decode)] : stamp(2, present)
  const length = payloadBytes === 0 ? 0 : payloadBytes + 3 + stamps.length
  // Data that is aligned: a unit starts with an access unit.
  const flags = [0x84, hasDecode ? 0xc0 : 0x80, stamps.length]
  return Uint8Array.of(0, 0, 1, streamId, (length >> 8) & 0xff, length & 0xff, ...flags, ...stamps)
}

/** 33 bits between markers (§2.4.3.7). */
function stamp(kind: number, ticks: number): number[] {
  const time = wrapped(ticks)
  const high = Math.floor(time / 2 ** 30)
  const middle = Math.floor(time / 2 ** 15) & 0x7fff
  const low = time % 2 ** 15
  return [
    ...[(kind << 4) | (high << 1) | 1, middle >> 7, ((middle << 1) & 0xff) | 1],
    ...[low >> 7, ((low << 1) & 0xff) | 1],
  ]
}

function wrapped(ticks: number): number {
  return ((ticks % WRAP) + WRAP) % WRAP
}
