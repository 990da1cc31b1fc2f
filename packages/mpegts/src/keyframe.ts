import {
  type ByteSource,
  keyframeBatch,
  type ReadOptions,
  type SampleBatch,
  throwIfAborted,
  type VideoTrack,
} from '@cuemux/core'
import { ElementaryStream } from './elementary-stream.js'
import type { MpegTsFormat, TrackFormat } from './format.js'
import { PacketWalker } from './packet-walker.js'
import type { Cut } from './span-read.js'
import { frameVideo, SampleWriter } from './video-framing.js'

/** First read; each next one is twice as long. */
const PIECE_BYTES = 128 * 1024
/** No keyframe is larger. */
const MAX_BYTES = 32 * 1024 * 1024

/** Reads the access unit of a cut, and nothing behind the one that follows; `undefined` where there is none. */
export async function readKeyframeSample(
  source: ByteSource,
  film: MpegTsFormat,
  { track, format, pid }: { readonly track: VideoTrack; readonly format: TrackFormat; readonly pid: number },
  cut: Cut,
  options: ReadOptions,
): Promise<SampleBatch | undefined> {
  const walker = new PacketWalker(film.stride)
  const stream = new ElementaryStream(pid)
  walker.add(stream)
  let at = cut.position
  let isEnd = false
  for (let piece = PIECE_BYTES; !isEnd && at - cut.position < MAX_BYTES; piece *= 2) {
    const bytes = await source.read(at, piece, options)
    throwIfAborted(options.signal)
    isEnd = bytes.length < Math.max(piece, film.stride)
    at += walker.walk(bytes, at, 0, bytes.length)
    // The one behind it shows that it is whole.
    if (stream.count < 2 && !isEnd) continue
    const { frames, nals } = frameVideo(stream, track.codec, format.hasFields)
    if (frames.count === 0 || (frames.count === 1 && !isEnd)) continue
    const writer = new SampleWriter(track.codec, film.setsChange ? [] : format.parameterSets)
    const sample = writer.write(stream.bytes, nals, frames.start[0]!, frames.end[0]!)
    return sample.length === 0 ? undefined : keyframeBatch(track, cut.time, sample)
  }
  return undefined
}
