import type { MediaIndex } from '@cuemux/core'
import type { SegmentPlan } from './segments.js'

/** What a cue point takes in a file as muxers write it, bytes. */
const CUE_POINT_BYTES = 20

/**
 * Bytes of the source between the cuts, all tracks and the container's own together, from the keyframes' offsets. Where
 * several keyframes lie in one cluster its bytes are split among them by time. The last span goes to the end of the file,
 * less what is known to lie there beside media.
 */
export function sourceSpanBytes(index: MediaIndex, plan: SegmentPlan): Float64Array {
  const count = plan.cuts.length
  const offsets = new Float64Array(count + 1)
  readCutOffsets(index, plan.cuts, offsets)
  const end = index.keyframes.offsetBytes[plan.end] ?? mediaEnd(index)
  offsets[count] = Math.max(end, offsets[count - 1] ?? 0)
  const bytes = new Float64Array(count)
  for (let n = 0; n < count; n++) bytes[n] = Math.max(0, (offsets[n + 1] ?? 0) - (offsets[n] ?? 0))
  return bytes
}

/** Offsets of the cuts, in one pass over the keyframes: a broken index may have them all in one place. */
function readCutOffsets({ keyframes }: MediaIndex, cuts: Uint32Array, into: Float64Array): void {
  const { count, time, offsetBytes } = keyframes
  let n = 0
  for (let first = 0, next = 0; first < count; first = next) {
    const offset = offsetBytes[first] ?? 0
    next = first + 1
    while (next < count && offsetBytes[next] === offset) next++
    const from = time[first] ?? 0
    const perTick = next < count ? ((offsetBytes[next] ?? offset) - offset) / ((time[next] ?? 0) - from) : 0
    for (let k = cuts[n]; k !== undefined && k < next; k = cuts[++n])
      into[n] = offset + ((time[k] ?? 0) - from) * perTick
  }
}

/** The end of the media, bytes: the file's, less attachments behind it, and Cues where they must lie there. */
function mediaEnd(index: MediaIndex): number {
  const { count, offsetBytes } = index.keyframes
  const last = offsetBytes[count - 1] ?? 0
  const end = index.attachments.reduce(
    (least, file) => (file.offsetBytes > last ? Math.min(least, file.offsetBytes) : least),
    index.sizeBytes,
  )
  const cuesBytes = count * CUE_POINT_BYTES
  // Cues that don't fit before the first cluster lie behind the last.
  const cuesBehind = index.foundBy === 'cues' && (offsetBytes[0] ?? 0) < cuesBytes
  return cuesBehind ? end - cuesBytes : end
}
