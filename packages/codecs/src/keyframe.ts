import type { VideoCodec } from '@cuemux/core'
import { findAv1Sequence, forEachObu } from './av1.js'
import { BitReader } from './bit-reader.js'
import { fromMedia, u8, u24 } from './bytes.js'
import { forEachNalUnitOfPart, removeEmulationPrevention } from './nal.js'

/**
 * How decoding can start at a sample: `closed`: here, and nothing that follows refers to what came before; `open`: here,
 * but pictures that follow it in decode order and precede it in output order may refer to what came before; `none`: not here.
 */
export type KeyframeKind = 'closed' | 'open' | 'none'

/**
 * Tells what kind of keyframe a sample is, from its first slice or frame header: the beginning of the sample is enough.
 *
 * - H.264: IDR closed; a recovery point of 0 frames open
 * - HEVC: IDR and BLA closed, CRA open
 * - AV1: a shown key frame closed, a hidden one open
 * - VP9, VP8: a key frame closed
 * - MPEG-1, 2 and 4: an I picture; closed where its group says so
 *
 * @param nalLengthSize bytes of each NAL unit's length; H.264 and HEVC only
 * @throws CuemuxError `CORRUPT_MEDIA`; `BAD_REQUEST` for another length size than 1 to 4
 */
export function keyframeKind(codec: VideoCodec, sample: Uint8Array, nalLengthSize: number): KeyframeKind {
  switch (codec) {
    case 'h264':
      return avcKind(sample, nalLengthSize)
    case 'hevc':
      return hevcKind(sample, nalLengthSize)
    case 'av1':
      return fromMedia(() => av1Kind(sample))
    case 'vp9':
      return vp9Kind(sample)
    case 'vp8':
      return sample.length > 0 && (u8(sample, 0) & 1) === 0 ? 'closed' : 'none'
    case 'mpeg1':
    case 'mpeg2':
    case 'mpeg4':
      return mpegKind(sample, codec === 'mpeg4')
    default:
      return 'none'
  }
}

function avcKind(sample: Uint8Array, nalLengthSize: number): KeyframeKind {
  let kind: KeyframeKind = 'none'
  forEachNalUnitOfPart(sample, nalLengthSize, (start, end) => {
    const type = u8(sample, start) & 31
    if (type === 5) kind = 'closed'
    if (type === 6 && hasRecoveryPoint(sample.subarray(start, end))) kind = 'open'
    // Types 1 to 5 are slices: the first one decides.
    return type === 0 || type > 5
  })
  return kind
}

/** Whether an SEI NAL unit has a recovery point at this very picture (ISO/IEC 14496-10 §D.1.8). */
function hasRecoveryPoint(unit: Uint8Array): boolean {
  const sei = removeEmulationPrevention(unit)
  let offset = 1
  while (offset + 2 < sei.length) {
    let type = 0
    while (u8(sei, offset) === 255) type += u8(sei, offset++)
    type += u8(sei, offset++)
    let size = 0
    while (u8(sei, offset) === 255) size += u8(sei, offset++)
    size += u8(sei, offset++)
    // recovery_frame_cnt is 0 where its exp-Golomb code is a single 1.
    if (type === 6) return u8(sei, offset) >= 128
    offset += size
  }
  return false
}

function hevcKind(sample: Uint8Array, nalLengthSize: number): KeyframeKind {
  let kind: KeyframeKind = 'none'
  forEachNalUnitOfPart(sample, nalLengthSize, start => {
    const type = (u8(sample, start) >> 1) & 63
    // RASL pictures after a BLA (16 to 18) are dropped wherever decoding started.
    if (type >= 16 && type <= 20) kind = 'closed'
    if (type === 21) kind = 'open'
    return type > 31
  })
  return kind
}

function av1Kind(sample: Uint8Array): KeyframeKind {
  let kind: KeyframeKind = 'none'
  forEachObu(sample, (type, start, end) => {
    // OBU_FRAME_HEADER, OBU_FRAME
    if ((type !== 3 && type !== 6) || start === end) return true
    const first = u8(sample, start)
    const isExisting = first >= 128
    const isKey = ((first >> 5) & 3) === 0
    if (findAv1Sequence(sample)?.sequence.reducedStillPicture) kind = 'closed'
    else if (!isExisting && isKey) kind = first & 0x10 ? 'closed' : 'open'
    return false
  })
  return kind
}

function vp9Kind(sample: Uint8Array): KeyframeKind {
  if (sample.length < 1 || u8(sample, 0) >> 6 !== 2) return 'none'
  const reader = new BitReader(sample)
  reader.skip(2)
  if (reader.bits(2) === 3) reader.skip(1)
  const isExisting = reader.flag()
  return !isExisting && !reader.flag() ? 'closed' : 'none'
}

/** Looks through start codes for the group's header and the first picture's (ISO/IEC 13818-2 §6.2.2.6, 14496-2 §6.2.4). */
function mpegKind(sample: Uint8Array, isMpeg4: boolean): KeyframeKind {
  const [group, picture] = isMpeg4 ? [0xb3, 0xb6] : [0xb8, 0x00]
  let isClosed = false
  for (let i = 0; i + 4 < sample.length; i++) {
    if (u24(sample, i) !== 1) continue
    const code = u8(sample, i + 3)
    if (code === group) isClosed = isMpeg4 ? (u8(sample, i + 6) & 0x20) !== 0 : (u8(sample, i + 7) & 0x40) !== 0
    if (code !== picture) continue
    const isIntra = isMpeg4 ? u8(sample, i + 4) >> 6 === 0 : ((u8(sample, i + 5) >> 3) & 7) === 1
    if (!isIntra) return 'none'
    return isClosed ? 'closed' : 'open'
  }
  return 'none'
}
