/** First byte of every transport packet (ISO/IEC 13818-1 §2.4.3.2). */
export const SYNC: number = 0x47
/** Bytes of a transport packet without what storage formats put around it. */
export const PACKET_BYTES: number = 188
/** Distances between packets: plain; with a time stamp before each (BDAV, `.m2ts`); with 16 bytes of Reed-Solomon code. */
const STRIDES: readonly number[] = [188, 192, 204]
/** So many sync bytes in a row are no accident: one in 2^32 of random bytes. */
const MIN_SYNCS = 4

/** How packets lie in a stream. */
export interface PacketLayout {
  /** From one sync byte to the next, bytes: 188, 192 or 204. */
  readonly stride: number
  /** Offset of the first sync byte in the bytes that were looked at. */
  readonly offset: number
}

/**
 * Finds how packets lie, from the beginning of a stream, which may be in mid-packet or behind some garbage.
 * `undefined` where there are no transport packets.
 */
export function findLayout(head: Uint8Array): PacketLayout | undefined {
  const last = Math.min(head.length, 64 * 1024)
  for (let offset = 0; offset < last; offset++) {
    if (head[offset] !== SYNC) continue
    for (const stride of STRIDES) if (isSynced(head, offset, stride)) return { stride, offset }
  }
  return undefined
}

function isSynced(bytes: Uint8Array, offset: number, stride: number): boolean {
  let count = 1
  let valid = 0
  for (let at = offset; at < bytes.length && count <= 8; at += stride, count++) {
    if (bytes[at] !== SYNC) return false
    // A packet has a payload or an adaptation field: 00 is reserved (§2.4.3.3, Table 2-5).
    if (at + 3 < bytes.length && (bytes[at + 3]! & 0x30) !== 0) valid++
  }
  return count > MIN_SYNCS && valid >= count - 2
}

/**
 * Whether bytes from the start of a file are an MPEG transport stream, by sync bytes at one of the three distances.
 *
 * @param head a few KiB; at least four packets are needed
 */
export function isMpegTs(head: Uint8Array): boolean {
  // Garbage of up to a packet is no reason to refuse; more is: another container may hold a transport stream.
  const layout = findLayout(head.subarray(0, 16 * 204))
  return layout !== undefined && layout.offset < 204
}

/**
 * Offset of the next packet at or after `at`; the length of `bytes` where there is none. Four sync bytes in a row are
 * asked for, fewer only at the end.
 */
export function resync(bytes: Uint8Array, at: number, stride: number): number {
  for (let offset = at; offset < bytes.length; offset++) {
    if (bytes[offset] !== SYNC) continue
    let next = offset + stride
    let count = 1
    while (count < MIN_SYNCS && next < bytes.length && bytes[next] === SYNC) {
      next += stride
      count++
    }
    if (count === MIN_SYNCS || next >= bytes.length) return offset
  }
  return bytes.length
}
