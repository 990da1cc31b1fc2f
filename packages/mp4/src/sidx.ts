import { boxAt, payload, u16, u32, u64 } from './boxes.js'
import type { ByteWindow } from './byte-window.js'
import { topBox } from './top-level.js'

/** More subsegments than these are no film. */
const MAX_REFERENCES = 2 ** 18
const MAX_DEPTH = 4
const MAX_BYTES = 4 * 1024 * 1024

/** A segment index box, whole, and where it lies in the source. */
export interface SidxBox {
  readonly bytes: Uint8Array
  readonly at: number
}

/** Places in a film where the reference track can be cut, as an index in the file lists them. */
export interface ListedFragments {
  readonly referenceId: number
  /** Ticks per second of {@link times}. */
  readonly timescale: number
  /** Times of the sync samples, of which only the differences count. */
  readonly times: readonly number[]
  /** Where the fragments lie that hold them, bytes. */
  readonly offsets: readonly number[]
  /** End of what the index lists, bytes; `undefined` where it goes to the end of the film. */
  readonly end: number | undefined
}

/** `sidx` (ISO/IEC 14496-12 §8.16.3). */
interface SegmentIndex {
  readonly referenceId: number
  readonly timescale: number
  /** Where the first reference points, bytes. */
  readonly anchor: number
  readonly body: Uint8Array
  readonly entriesAt: number
  readonly count: number
}

function parseSidx({ bytes, at }: SidxBox): SegmentIndex | undefined {
  const box = boxAt(bytes, 0, bytes.length)
  if (box === undefined || box.type !== 'sidx') return undefined
  const body = payload(bytes, box)
  const is64 = (body[0] ?? 0) > 0
  const entriesAt = is64 ? 32 : 24
  if (body.length < entriesAt) return undefined
  const firstOffset = is64 ? u64(body, 20) : u32(body, 16)
  return {
    referenceId: u32(body, 4),
    timescale: u32(body, 8),
    anchor: at + bytes.length + firstOffset,
    body,
    entriesAt,
    count: Math.min(u16(body, entriesAt - 2), Math.floor((body.length - entriesAt) / 12)),
  }
}

/** What a walk through an index collects. */
interface Listing {
  readonly times: number[]
  readonly offsets: number[]
  /** Time and offset after what was walked. */
  time: number
  end: number
  references: number
}

/** Walks the references of an index, and those of the indexes that they name; false where one can't be followed. */
async function collect(window: ByteWindow, sidx: SegmentIndex, depth: number, into: Listing): Promise<boolean> {
  let offset = sidx.anchor
  for (let i = 0; i < sidx.count; i++) {
    if (++into.references > MAX_REFERENCES) return false
    const at = sidx.entriesAt + i * 12
    const size = u32(sidx.body, at) & 0x7fffffff
    const isIndex = sidx.body[at]! >= 128
    const duration = u32(sidx.body, at + 4)
    const sap = u32(sidx.body, at + 8)
    if (isIndex) {
      const time = into.time
      if (!(await follow(window, sidx, offset, depth, into))) return false
      into.time = time + duration
    } else {
      // §8.16.3.3: the subsegment starts with a stream access point, which may be presented after others of it.
      if (sap >= 0x80000000) {
        into.times.push(into.time + (sap & 0x0fffffff))
        into.offsets.push(offset)
      }
      into.time += duration
    }
    offset += size
    into.end = Math.max(into.end, offset)
  }
  return true
}

async function follow(
  window: ByteWindow,
  parent: SegmentIndex,
  offset: number,
  depth: number,
  into: Listing,
): Promise<boolean> {
  if (depth >= MAX_DEPTH || offset >= window.sizeBytes) return offset >= window.sizeBytes
  const box = topBox(await window.read(offset, 16), offset, offset)
  if (box?.type !== 'sidx' || box.end - offset > MAX_BYTES || box.end > window.sizeBytes) return false
  const child = parseSidx({ bytes: await window.read(offset, box.end - offset), at: offset })
  if (child === undefined || child.referenceId !== parent.referenceId || child.timescale !== parent.timescale)
    return false
  return collect(window, child, depth + 1, into)
}

/** The cuts that the segment indexes before the first fragment list; `undefined` where they don't tell of the track. */
export async function readSegmentIndex(
  window: ByteWindow,
  boxes: readonly SidxBox[],
  referenceId: number,
): Promise<ListedFragments | undefined> {
  for (const box of boxes) {
    const sidx = parseSidx(box)
    if (sidx === undefined || sidx.referenceId !== referenceId || sidx.timescale === 0) continue
    const listing: Listing = { times: [], offsets: [], time: 0, end: 0, references: 0 }
    if (!(await collect(window, sidx, 1, listing)) || listing.times.length === 0) return undefined
    const { times, offsets, end } = listing
    return { referenceId, timescale: sidx.timescale, times, offsets, end }
  }
  return undefined
}
