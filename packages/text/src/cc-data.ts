import { describeVideo, forEachNalUnit, removeEmulationPrevention } from '@cuemux/codecs'
import { rescale, type SampleBatch, type TextTrack, type VideoTrack } from '@cuemux/core'
import { readBoxes } from './boxes.js'

/** A track in which captions may be: H.264 or HEVC video, or MP4's `c608`. */
export type CaptionTrack = VideoTrack | TextTrack

/**
 * The caption data shown with one picture: triples of type (0, 1: CEA-608 field; 2, 3: CEA-708 packet, its start) and
 * two bytes.
 */
export interface CcData {
  /** Presentation time, µs. */
  readonly timeUs: number
  readonly triples: readonly CcTriple[]
}

/** cc_type, cc_data_1, cc_data_2 (ANSI/CTA-708 §4.3). */
export type CcTriple = readonly [type: number, first: number, second: number]

const AVC_SEI = 6
const HEVC_PREFIX_SEI = 39
const HEVC_SUFFIX_SEI = 40
const USER_DATA_REGISTERED = 4
/** country 181, provider 49, `GA94`, cc_data (ANSI/SCTE 128-1 §8.1). */
const GA94 = [0xb5, 0x00, 0x31, 0x47, 0x41, 0x39, 0x34, 0x03]

/** Whether a track may have captions at all. */
export function mayHaveCaptions(track: CaptionTrack): boolean {
  return track.kind === 'video' ? track.codec === 'h264' || track.codec === 'hevc' : track.codec === 'c608'
}

/** The caption data of batches in order of presentation, without padding. Broken samples have none. */
export function readCcData(track: CaptionTrack, batches: readonly SampleBatch[]): CcData[] {
  if (!mayHaveCaptions(track)) return []
  const found: CcData[] = []
  for (const batch of batches) {
    for (let i = 0; i < batch.count; i++) {
      const time = batch.dts[i]! + batch.compositionOffset[i]!
      const sample = batch.data[i]
      if (sample === undefined) continue
      if (track.kind === 'text') {
        spread(captionBoxTriples(sample), time, batch.duration[i]!, batch.timescale, found)
        continue
      }
      const triples = videoTriples(track, batch.descriptionIndex, sample)
      if (triples.length > 0) found.push({ timeUs: rescale(time, batch.timescale, 1e6), triples })
    }
  }
  return found.sort((a, b) => a.timeUs - b.timeUs)
}

function videoTriples(track: VideoTrack, descriptionIndex: number, sample: Uint8Array): CcTriple[] {
  const triples: CcTriple[] = []
  try {
    forEachNalUnit(sample, lengthSizeOf(track, descriptionIndex), (start, end) => {
      const header = track.codec === 'hevc' ? 2 : 1
      if (isMessage(track.codec, sample[start]!)) {
        readSei(removeEmulationPrevention(sample.subarray(start + header, end)), triples)
      }
    })
  } catch {
    // A sample that breaks off: what came before is good.
  }
  return triples
}

/** Whether a NAL unit that begins with this byte has messages (SEI). */
export function isMessage(codec: VideoTrack['codec'], head: number): boolean {
  if (codec !== 'hevc') return (head & 31) === AVC_SEI
  const type = (head >> 1) & 63
  return type === HEVC_PREFIX_SEI || type === HEVC_SUFFIX_SEI
}

/** Bytes of a length, by configuration: asked for with every sample. */
const lengthSizes = new WeakMap<Uint8Array, number>()

/** Bytes of the length before a NAL unit. */
export function lengthSizeOf(track: VideoTrack, descriptionIndex: number): number {
  const { config } = track.descriptions[descriptionIndex] ?? track.descriptions[0]
  let size = lengthSizes.get(config)
  if (size === undefined) {
    size = describeVideo(track.codec, config).nalLengthSize ?? 4
    lengthSizes.set(config, size)
  }
  return size
}

/** ISO/IEC 14496-10 §7.3.2.3.1: messages of type, size and payload. */
function readSei(sei: Uint8Array, triples: CcTriple[]): void {
  // The trailing bits are at least a byte.
  for (let at = 0; at + 2 < sei.length; ) {
    let type = 0
    while (sei[at] === 0xff) type += sei[at++]!
    type += sei[at++] ?? 0
    let size = 0
    while (sei[at] === 0xff) size += sei[at++]!
    size += sei[at++] ?? 0
    if (type === USER_DATA_REGISTERED) readUserData(sei.subarray(at, at + size), triples)
    at += size
  }
}

function readUserData(data: Uint8Array, triples: CcTriple[]): void {
  if (data.length < GA94.length + 2 || GA94.some((byte, i) => data[i] !== byte)) return
  const flags = data[GA94.length]!
  if ((flags & 0x40) === 0) return
  const first = GA94.length + 2
  for (let i = 0, at = first; i < (flags & 31) && at + 3 <= data.length; i++, at += 3) {
    if (data[at]! & 4) pushTriple(triples, data[at]! & 3, data[at + 1]!, data[at + 2]!)
  }
}

/** Null pairs keep the line busy and say nothing. */
function pushTriple(triples: CcTriple[], type: number, first: number, second: number): void {
  if (type >= 2 || ((first | second) & 0x7f) !== 0) triples.push([type, first, second])
}

/**
 * A `c608` sample: `cdat` has pairs of field 1, `cdt2` of field 2 (QuickTime File Format, closed captioning sample
 * data).
 */
function captionBoxTriples(sample: Uint8Array): CcTriple[][] {
  const pairs: CcTriple[][] = []
  for (const { type, payload } of readBoxes(sample)) {
    const field = type === 'cdat' ? 0 : type === 'cdt2' ? 1 : undefined
    if (field === undefined) continue
    for (let at = 0, i = 0; at + 2 <= payload.length; at += 2, i++) {
      pairs[i] ??= []
      pushTriple(pairs[i]!, field, payload[at]!, payload[at + 1]!)
    }
  }
  return pairs
}

/** A sample with several pairs spreads them over its duration: line 21 has one a frame. */
function spread(pairs: CcTriple[][], time: number, duration: number, timescale: number, found: CcData[]): void {
  pairs.forEach((triples, i) => {
    if (triples.length === 0) return
    found.push({ timeUs: rescale(time + Math.floor((i * duration) / pairs.length), timescale, 1e6), triples })
  })
}
