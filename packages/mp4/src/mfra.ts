import { type BoxPlace, boxAt, childBoxes, fourcc, payload, u32, u64 } from './boxes.js'
import type { ByteWindow } from './byte-window.js'
import type { ListedFragments } from './sidx.js'

/** The first read at the file's end: a box for a two-hour film. */
const TAIL_BYTES = 64 * 1024
const MAX_BYTES = 16 * 1024 * 1024

/** A field of 1 to 4 bytes. */
function shortField(bytes: Uint8Array, at: number, length: number): number {
  let value = 0
  for (let i = 0; i < length; i++) value = value * 256 + bytes[at + i]!
  return value
}

/** `tfra` (ISO/IEC 14496-12 §8.8.10); `undefined` for one of another track, or broken. */
function readTfra(bytes: Uint8Array, box: BoxPlace, trackId: number): ListedFragments | undefined {
  const body = payload(bytes, box)
  if (body.length < 16 || u32(body, 4) !== trackId) return undefined
  const is64 = body[0] === 1
  const lengths = u32(body, 8)
  const trafBytes = ((lengths >>> 4) & 3) + 1
  const trunBytes = ((lengths >>> 2) & 3) + 1
  const sampleBytes = (lengths & 3) + 1
  const entryBytes = (is64 ? 16 : 8) + trafBytes + trunBytes + sampleBytes
  const count = Math.min(u32(body, 12), Math.floor((body.length - 16) / entryBytes))
  const times: number[] = []
  const offsets: number[] = []
  for (let i = 0; i < count; i++) {
    const at = 16 + i * entryBytes
    const numbersAt = at + (is64 ? 16 : 8)
    // A run beyond the first is as good, as the sample is found by its time; only a number of 0 is nonsense.
    if (shortField(body, numbersAt, trafBytes) === 0) continue
    times.push(is64 ? u64(body, at) : u32(body, at))
    offsets.push(is64 ? u64(body, at + 8) : u32(body, at + 4))
  }
  return times.length === 0 ? undefined : { referenceId: trackId, timescale: 0, times, offsets, end: undefined }
}

/**
 * The cuts that the movie fragment random access box at the end of the file lists, which `mfro`, its last box, finds
 * (§8.8.9, §8.8.11). `undefined` where there is none of the track. Times are in ticks of the track: `timescale` is 0.
 */
export async function readFragmentIndex(window: ByteWindow, trackId: number): Promise<ListedFragments | undefined> {
  const { sizeBytes } = window
  const tailAt = Math.max(0, sizeBytes - TAIL_BYTES)
  const { bytes: tail } = await window.load(tailAt, sizeBytes - tailAt)
  const mfro = tail.length - 16
  if (mfro < 0 || fourcc(tail, mfro + 4) !== 'mfro') return undefined
  const length = u32(tail, mfro + 12)
  if (length > Math.min(MAX_BYTES, sizeBytes) || length < 24) return undefined
  const whole = await window.read(sizeBytes - length, length)
  const mfra = boxAt(whole, 0, whole.length)
  if (mfra === undefined || mfra.type !== 'mfra') return undefined
  for (const box of childBoxes(whole, mfra.body, mfra.end)) {
    const listed = box.type === 'tfra' ? readTfra(whole, box, trackId) : undefined
    if (listed !== undefined) return listed
  }
  return undefined
}
