import type { VideoCodec } from '@cuemux/core'
import type { ElementaryStream } from './elementary-stream.js'
import { FRAME_KEY, FrameColumns } from './frame-columns.js'
import { NalColumns } from './nal-columns.js'
import { isFirstSlice, nalRole } from './nal-types.js'

/** Access units of a stream of H.264 or HEVC, and their NAL units. */
export interface AccessUnits {
  /** `start` and `end` are rows of `nals`; `after` counts the access units since the one that has the time stamp. */
  readonly frames: FrameColumns
  readonly nals: NalColumns
}

/**
 * Cuts a stream into access units by its NAL units (ISO/IEC 14496-10 §7.4.1.2.3, ISO/IEC 23008-2 §7.4.2.4.4), wherever
 * PES packets begin: one may hold several, and one may go over several. A time stamp is that of the first access unit
 * that begins in its packet.
 *
 * @param hasFields pictures may be fields, two of which make a sample
 */
export function frameVideo(stream: ElementaryStream, codec: VideoCodec, hasFields: boolean): AccessUnits {
  const { bytes, pts, start, count, length } = stream
  const nals = new NalColumns()
  nals.scan(bytes, count > 0 ? start[0]! : 0, length)
  const frames = new FrameColumns()
  let row = -1
  let stamped = -1
  let after = 0
  let first = 0
  let hasSlice = false
  let flags = 0
  // Hot: once per NAL unit.
  for (let i = 0; i <= nals.count; i++) {
    const at = i < nals.count ? nals.start[i]! : length
    const role = i < nals.count ? nalRole(codec, bytes, at) : 'delimiter'
    const isSlice = role === 'slice' || role === 'key-slice'
    const begins =
      role === 'delimiter' ||
      role === 'parameters' ||
      role === 'prefix' ||
      (isSlice && !hasFields && isFirstSlice(codec, bytes, at))
    if (hasSlice && begins) {
      frames.add(stamped, after++, 0, first, i, flags)
      first = i
      hasSlice = false
      flags = 0
    }
    if (isSlice) {
      hasSlice = true
      if (role === 'key-slice') flags = FRAME_KEY
    }
    if (first !== i) continue
    // The access unit belongs to the packet in which its start code does.
    while (row + 1 < count && start[row + 1]! <= at - 3) {
      row++
      if (pts[row]! < 0) continue
      stamped = row
      after = 0
    }
  }
  return { frames, nals }
}

/** Writes samples of length-prefixed NAL units over the access units that they are made of. */
export class SampleWriter {
  readonly #codec: VideoCodec
  readonly #parameterSets: readonly Uint8Array[]
  readonly #kept: number[] = []
  readonly #targets: number[] = []

  /** @param parameterSets those of the decoder's configuration, which need not be in the samples */
  constructor(codec: VideoCodec, parameterSets: readonly Uint8Array[]) {
    this.#codec = codec
    this.#parameterSets = parameterSets
  }

  /**
   * The sample of an access unit: NAL units behind lengths of four bytes, without delimiters and without the parameter
   * sets of the configuration. Others, which change the film's in its middle, stay where they are. Done in place, to the
   * left, where the delimiter and long start codes leave room for it; the access unit is lost.
   */
  write(bytes: Uint8Array, nals: NalColumns, first: number, end: number): Uint8Array {
    const kept = this.#kept
    kept.length = 0
    let total = 0
    for (let i = first; i < end; i++) {
      const role = nalRole(this.#codec, bytes, nals.start[i]!)
      if (role === 'delimiter') continue
      if (role === 'parameters' && this.#isKnown(bytes, nals.start[i]!, nals.end[i]!)) continue
      kept.push(i)
      total += 4 + nals.end[i]! - nals.start[i]!
    }
    const last = kept.at(-1)
    if (last === undefined) return bytes.subarray(0, 0)
    const from = nals.start[first]! - 3
    const sampleEnd = nals.end[last]!
    if (sampleEnd - total < from) return this.#copy(bytes, nals, total)
    const targets = this.#targets
    let place = sampleEnd
    for (let k = kept.length - 1; k >= 0; k--) {
      const i = kept[k]!
      place -= nals.end[i]! - nals.start[i]!
      // To the left only; a long start code before the unit leaves bytes unused, which the next one to the left takes.
      targets[k] = place
      place -= 4
    }
    for (let k = 0; k < kept.length; k++) {
      const i = kept[k]!
      const length = nals.end[i]! - nals.start[i]!
      const target = targets[k]!
      if (target > nals.start[i]!) return this.#copyFrom(bytes, nals, total, k, place)
      if (target < nals.start[i]!) bytes.copyWithin(target, nals.start[i]!, nals.end[i]!)
      writeLength(bytes, target - 4, length)
    }
    return bytes.subarray(place, sampleEnd)
  }

  #copy(bytes: Uint8Array, nals: NalColumns, total: number): Uint8Array {
    return this.#copyFrom(bytes, nals, total, 0, 0)
  }

  /** A sample of its own, of which the first `done` units lie at `place` already. */
  #copyFrom(bytes: Uint8Array, nals: NalColumns, total: number, done: number, place: number): Uint8Array {
    const sample = new Uint8Array(total)
    let at = 0
    this.#kept.forEach((i, k) => {
      const length = nals.end[i]! - nals.start[i]!
      const source = k < done ? place + at + 4 : nals.start[i]!
      writeLength(sample, at, length)
      sample.set(bytes.subarray(source, source + length), at + 4)
      at += 4 + length
    })
    return sample
  }

  #isKnown(bytes: Uint8Array, start: number, end: number): boolean {
    for (const set of this.#parameterSets) {
      if (set.length !== end - start) continue
      let i = 0
      while (i < set.length && set[i] === bytes[start + i]) i++
      if (i === set.length) return true
    }
    return false
  }
}

function writeLength(bytes: Uint8Array, at: number, length: number): void {
  bytes[at] = length >>> 24
  bytes[at + 1] = (length >>> 16) & 255
  bytes[at + 2] = (length >>> 8) & 255
  bytes[at + 3] = length & 255
}
