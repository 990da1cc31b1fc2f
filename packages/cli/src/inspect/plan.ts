import type { ByteSource } from '@cuemux/core'
import { fourCc } from './detect.js'
import type { ByteRun, OpaqueBox } from './request.js'

/** Bytes of a file that are read at most. */
const MAX_INPUT_BYTES = 64 * 1024 * 1024

/** Top-level boxes that are looked at: a fragmented film of ten hours has fewer. */
const MAX_BOXES = 20_000
const WINDOW_BYTES = 64 * 1024

/** What of a file is read, and what of it isn't. */
export interface ReadingPlan {
  readonly runs: readonly ByteRun[]
  readonly opaque: readonly OpaqueBox[]
  /** Said to the user; `undefined` when the whole structure is read. */
  readonly note: string | undefined
}

/** The first part of a file. */
export function planStart(sizeBytes: number | undefined): ReadingPlan {
  const lengthBytes = Math.min(sizeBytes ?? MAX_INPUT_BYTES, MAX_INPUT_BYTES)
  const isWhole = sizeBytes !== undefined && sizeBytes <= MAX_INPUT_BYTES
  const note = isWhole ? undefined : `only the first ${MAX_INPUT_BYTES / 1024 / 1024} MiB are read`
  return { runs: [{ offsetBytes: 0, lengthBytes }], opaque: [], note }
}

/**
 * The boxes of a file whose payload says something: each is a run, wherever it lies. Media (`mdat`) and boxes beyond the
 * limits are hopped over.
 *
 * @param perName boxes of one type that are read
 */
export async function planBoxes(source: ByteSource, perName: number, signal: AbortSignal): Promise<ReadingPlan> {
  const runs: ByteRun[] = []
  const opaque: OpaqueBox[] = []
  const seen = new Map<string, number>()
  const size = source.sizeBytes ?? 0
  let [total, note] = [0, undefined as string | undefined]
  let [window, windowAt] = [new Uint8Array(), 0] as [Uint8Array, number]
  for (let at = 0; at + 8 <= size; ) {
    if (at < windowAt || at + 16 > windowAt + window.length) {
      windowAt = at
      window = await source.read(at, WINDOW_BYTES, { signal })
    }
    const box = readHeader(window.subarray(at - windowAt), at, size)
    if (box === undefined) {
      note = `what follows byte ${at} is no box`
      break
    }
    if (at + box.lengthBytes > size) note = `the file ends inside the last box, ${box.type}`
    const count = (seen.get(box.type) ?? 0) + 1
    seen.set(box.type, count)
    const isRead = box.type !== 'mdat' && count <= perName && total + box.lengthBytes <= MAX_INPUT_BYTES
    if (isRead && at + box.lengthBytes <= size) {
      runs.push({ offsetBytes: at, lengthBytes: box.lengthBytes })
      total += box.lengthBytes
    } else {
      opaque.push(box)
    }
    at += box.lengthBytes
    if (runs.length + opaque.length >= MAX_BOXES) {
      note = `only the first ${MAX_BOXES.toLocaleString('en')} boxes are looked at`
      break
    }
  }
  return { runs, opaque, note }
}

/** A box's header (ISO/IEC 14496-12 §4.2); `undefined` where there is none. */
function readHeader(bytes: Uint8Array, offsetBytes: number, fileBytes: number): OpaqueBox | undefined {
  const type = fourCc(bytes, 4)
  if (bytes.length < 8 || !/^[\x20-\x7e\xa9]{4}$/.test(type)) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const short = view.getUint32(0)
  if (short === 0) return { type, offsetBytes, lengthBytes: fileBytes - offsetBytes }
  if (short !== 1) return short < 8 ? undefined : { type, offsetBytes, lengthBytes: short }
  if (bytes.length < 16) return undefined
  const lengthBytes = view.getUint32(8) * 2 ** 32 + view.getUint32(12)
  return lengthBytes < 16 ? undefined : { type, offsetBytes, lengthBytes }
}
