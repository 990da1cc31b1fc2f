import { viewOf } from './marks.js'
import type { SampleTables } from './tables.js'

/** Sizes between two checkpoints. */
const SIZE_STRIDE = 256
/** As many sizes are added up directly. */
const DIRECT_SIZES = 512

/**
 * Sample sizes: `stsz` or `stz2`, behind checkpoints of bytes so that any stretch's bytes are found without its sum.
 * The checkpoints, for which every size is read once, are made when they are first needed.
 */
export class SizeColumn {
  readonly #view: DataView
  readonly #bits: number
  readonly #count: number
  readonly constantSize: number
  #marks: Float64Array | undefined

  constructor(tables: SampleTables, sampleCount: number) {
    this.#view = viewOf(tables.stsz)
    this.#bits = tables.sizeBits
    this.#count = sampleCount
    this.constantSize = tables.constantSize
  }

  /** Bytes before each 256th sample. */
  #bytesAt(): Float64Array {
    if (this.#marks !== undefined) return this.#marks
    const count = Math.ceil(this.#count / SIZE_STRIDE)
    const marks = new Float64Array(count + 1)
    let bytes = 0
    for (let mark = 0; mark < count; mark++) {
      marks[mark] = bytes
      bytes += this.#sum(mark * SIZE_STRIDE, Math.min(this.#count, (mark + 1) * SIZE_STRIDE))
    }
    marks[count] = bytes
    this.#marks = marks
    return marks
  }

  /** Bytes of one sample. */
  at(sample: number): number {
    if (this.constantSize !== 0) return this.constantSize
    if (this.#bits === 32) return this.#view.getUint32(sample * 4)
    if (this.#bits === 16) return this.#view.getUint16(sample * 2)
    if (this.#bits === 8) return this.#view.getUint8(sample)
    // §8.7.3.3.1: the first of two 4-bit sizes is in the high half.
    return (this.#view.getUint8(sample >>> 1) >>> ((~sample & 1) << 2)) & 15
  }

  /** Bytes of the samples from one to before another. */
  between(first: number, end: number): number {
    if (this.constantSize !== 0) return (end - first) * this.constantSize
    if (end - first <= DIRECT_SIZES) return this.#sum(first, end)
    const bytesAt = this.#bytesAt()
    const low = Math.ceil(first / SIZE_STRIDE)
    const high = Math.floor(end / SIZE_STRIDE)
    return this.#sum(first, low * SIZE_STRIDE) + bytesAt[high]! - bytesAt[low]! + this.#sum(high * SIZE_STRIDE, end)
  }

  #sum(first: number, end: number): number {
    let bytes = 0
    if (this.#bits !== 32) {
      for (let sample = first; sample < end; sample++) bytes += this.at(sample)
      return bytes
    }
    const view = this.#view
    // Hot: once per sample when a film is opened (about 1 ns each).
    for (let at = first * 4; at < end * 4; at += 4) bytes += view.getUint32(at)
    return bytes
  }
}
