import { type BoxPlace, firstOf, payload, u32 } from './boxes.js'

/** A track's sample tables (ISO/IEC 14496-12 §8.6–8.7), as they lie in the file: big-endian runs, not unpacked. */
export interface SampleTables {
  /** `stts`: pairs of sample count and duration, 8 bytes each. */
  readonly stts: Uint8Array
  /** `ctts`: pairs of sample count and composition offset, 8 bytes each; empty without one. */
  readonly ctts: Uint8Array
  /** `stsc`: first chunk, samples per chunk, description number, 12 bytes each. */
  readonly stsc: Uint8Array
  /** `stsz`/`stz2`: the sizes; empty where all are {@link constantSize}. */
  readonly stsz: Uint8Array
  /** Bits of one size: 4, 8, 16 or 32. */
  readonly sizeBits: number
  /** Size of every sample, bytes; 0 where {@link stsz} lists them. */
  readonly constantSize: number
  /** How many sizes the box declares, or that its bytes hold. */
  readonly sizeCount: number
  /** `stco`/`co64`: where the chunks lie. */
  readonly chunks: Uint8Array
  /** Bits of one chunk offset: 32 or 64. */
  readonly chunkBits: number
  /** `stss`: numbers of the sync samples from 1, 4 bytes each; `undefined` where every sample is one. */
  readonly stss: Uint8Array | undefined
}

const EMPTY = new Uint8Array(0)

/** The entries of a table of `count` × `entryBytes`, never more than the box's own bytes hold. */
function entries(body: Uint8Array, countAt: number, entryBytes: number): Uint8Array {
  if (body.length < countAt + 4) return EMPTY
  const room = Math.floor((body.length - countAt - 4) / entryBytes)
  return body.subarray(countAt + 4, countAt + 4 + Math.min(u32(body, countAt), room) * entryBytes)
}

function sizes(
  bytes: Uint8Array,
  stbl: readonly BoxPlace[],
): Pick<SampleTables, 'stsz' | 'sizeBits' | 'constantSize' | 'sizeCount'> {
  const none = { stsz: EMPTY, sizeBits: 32, constantSize: 0, sizeCount: 0 }
  const stsz = firstOf(stbl, 'stsz')
  if (stsz !== undefined) {
    const body = payload(bytes, stsz)
    if (body.length < 12) return none
    const constantSize = u32(body, 4)
    // §8.7.3.2.1: a constant size has no table behind it, whatever the count says.
    if (constantSize !== 0) return { stsz: EMPTY, sizeBits: 32, constantSize, sizeCount: u32(body, 8) }
    const table = entries(body, 8, 4)
    return { stsz: table, sizeBits: 32, constantSize: 0, sizeCount: table.length / 4 }
  }
  const stz2 = firstOf(stbl, 'stz2')
  if (stz2 === undefined) return none
  const body = payload(bytes, stz2)
  const sizeBits = body[7] ?? 0
  if (body.length < 12 || (sizeBits !== 4 && sizeBits !== 8 && sizeBits !== 16)) return none
  const sizeCount = Math.min(u32(body, 8), Math.floor(((body.length - 12) * 8) / sizeBits))
  return { stsz: body.subarray(12), sizeBits, constantSize: 0, sizeCount }
}

/** Takes the tables out of a sample table box's children, as views of `bytes`. Missing ones are empty. */
export function readTables(bytes: Uint8Array, stbl: readonly BoxPlace[]): SampleTables {
  const table = (type: string, entryBytes: number): Uint8Array => {
    const box = firstOf(stbl, type)
    return box === undefined ? EMPTY : entries(payload(bytes, box), 4, entryBytes)
  }
  const chunkBits = firstOf(stbl, 'stco') === undefined && firstOf(stbl, 'co64') !== undefined ? 64 : 32
  return {
    stts: table('stts', 8),
    ctts: table('ctts', 8),
    stsc: table('stsc', 12),
    ...sizes(bytes, stbl),
    chunks: chunkBits === 64 ? table('co64', 8) : table('stco', 4),
    chunkBits,
    stss: firstOf(stbl, 'stss') === undefined ? undefined : table('stss', 4),
  }
}
