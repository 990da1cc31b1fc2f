import { createHash } from 'node:crypto'

/** The bytes that a test stores under a key: their length and content follow from it. */
export function bodyOf(key: string): Uint8Array {
  const seed = createHash('sha256').update(key).digest()
  const bytes = new Uint8Array(1000 + (seed.readUInt16BE(0) % 60_000))
  for (let at = 0; at < bytes.byteLength; at += seed.byteLength) {
    bytes.set(seed.subarray(0, Math.min(seed.byteLength, bytes.byteLength - at)), at)
  }
  return bytes
}
