const SEGMENT = 0x18538067
const CUES = 0x1c53bb6b

/** The Cues element of a Matroska file of known sizes, found by hopping over the segment's children. */
export function findCues(bytes) {
  let at = 0
  while (at < bytes.length) {
    const id = readId(bytes, at)
    const size = readSize(bytes, at + id.length)
    const start = at + id.length + size.length
    if (id.value === CUES) return bytes.subarray(at, start + size.value)
    at = id.value === SEGMENT ? start : start + size.value
  }
  throw new Error('The film has no Cues.')
}

function readId(bytes, at) {
  const length = Math.clz32(bytes[at]) - 23
  return { value: bytes.subarray(at, at + length).reduce((value, byte) => value * 256 + byte, 0), length }
}

function readSize(bytes, at) {
  const { value, length } = readId(bytes, at)
  return { value: value - 2 ** (7 * length), length }
}
