import { CuemuxError } from '@cuemux/core'

/** Lacing bits of a block's flags (RFC 9559 §10.3), shifted down. */
const XIPH = 1
const FIXED = 2

/**
 * Where the frames of a laced block lie (RFC 9559 §10.3).
 *
 * @param start offset of the byte that holds the number of frames
 * @param kind 1 Xiph, 2 fixed size, 3 EBML
 * @returns offsets: frame i is [offsets[i], offsets[i + 1])
 * @throws CuemuxError `CORRUPT_MEDIA` where the sizes don't fit the block
 */
export function readLace(bytes: Uint8Array, start: number, end: number, kind: number): number[] {
  if (start >= end) throw damaged()
  const count = bytes[start]! + 1
  if (kind === FIXED) return fixedOffsets(start + 1, end, count)
  const sizes: number[] = []
  let pos = start + 1
  if (kind === XIPH) {
    while (sizes.length < count - 1) {
      let size = 0
      let byte: number
      do {
        if (pos >= end) throw damaged()
        byte = bytes[pos++]!
        size += byte
      } while (byte === 255)
      sizes.push(size)
    }
  } else {
    pos = readEbmlSizes(bytes, pos, end, count, sizes)
  }
  return toOffsets(pos, end, sizes)
}

function fixedOffsets(start: number, end: number, count: number): number[] {
  const size = (end - start) / count
  if (!Number.isInteger(size)) throw damaged()
  return Array.from({ length: count + 1 }, (_, i) => start + i * size)
}

/** §10.3.3: the first size as it is, the others as signed differences to the one before. */
function readEbmlSizes(bytes: Uint8Array, start: number, end: number, count: number, sizes: number[]): number {
  let pos = start
  let size = 0
  for (let i = 0; i < count - 1; i++) {
    const length = pos < end ? Math.clz32(bytes[pos]!) - 23 : 9
    if (length > 8 || pos + length > end) throw damaged()
    let value = bytes[pos]! & ((0x80 >> (length - 1)) - 1)
    for (let k = 1; k < length; k++) value = value * 256 + bytes[pos + k]!
    size = i === 0 ? value : size + value - (2 ** (7 * length - 1) - 1)
    if (size < 0) throw damaged()
    sizes.push(size)
    pos += length
  }
  return pos
}

function toOffsets(start: number, end: number, sizes: readonly number[]): number[] {
  const offsets = [start]
  let pos = start
  for (const size of sizes) {
    pos += size
    if (pos > end) throw damaged()
    offsets.push(pos)
  }
  offsets.push(end)
  return offsets
}

function damaged(): CuemuxError {
  return new CuemuxError('CORRUPT_MEDIA', 'The lace of a block is damaged.')
}
