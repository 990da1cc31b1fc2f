import { forEachChild, readUint } from './ebml.js'

import { Id } from './elements.js'

/** One entry of a SeekHead (RFC 9559 §5.1.1): where a child of the Segment lies. */
interface SeekEntry {
  readonly id: number
  /** Offset in the source, bytes. */
  readonly offsetBytes: number
}

/** More entries than this are of clusters, which old muxers listed there; no one needs them. */
const MAX_ENTRIES = 4096

/** Reads a SeekHead's payload; damaged entries are left out. `segmentStart` is the offset of the Segment's payload. */
export function readSeekHead(bytes: Uint8Array, start: number, end: number, segmentStart: number): SeekEntry[] {
  const entries: SeekEntry[] = []
  forEachChild(
    bytes,
    start,
    end,
    (id, from, to) => {
      if (id !== Id.Seek || entries.length >= MAX_ENTRIES) return
      let target = 0
      let position = -1
      forEachChild(
        bytes,
        from,
        to,
        (child, childStart, childEnd) => {
          if (child === Id.SeekID) target = readUint(bytes, childStart, childEnd)
          else if (child === Id.SeekPosition) position = readUint(bytes, childStart, childEnd)
        },
        true,
      )
      if (position >= 0 && target !== Id.Cluster) entries.push({ id: target, offsetBytes: segmentStart + position })
    },
    true,
  )
  return entries
}
