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
  const length = lengthAt(bytes, at)
  return { value: bytes.subarray(at, at + length).reduce((value, byte) => value * 256 + byte, 0), length }
}

/** Without the marker bit from the start: with it an eight-byte size is beyond what a double holds exactly. */
function readSize(bytes, at) {
  const length = lengthAt(bytes, at)
  const first = bytes[at] & (0xff >> length)
  return { value: bytes.subarray(at + 1, at + length).reduce((value, byte) => value * 256 + byte, first), length }
}

function lengthAt(bytes, at) {
  const length = Math.clz32(bytes[at]) - 23
  if (!(length <= 8)) throw new Error(`There is no element at byte ${at}.`)
  return length
}
