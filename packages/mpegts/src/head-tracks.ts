import { type ByteSource, type ReadOptions, throwIfAborted } from '@cuemux/core'
import { ElementaryStream } from './elementary-stream.js'
import { describeTrack, type TrackWithFormat } from './es-media.js'
import { PacketWalker } from './packet-walker.js'

/** The first frame of a track: its time stamp, where it lies, and what of the packet comes before it. */
export interface TrackBeginning {
  readonly pair: TrackWithFormat
  /** 33 bits; -1 where the first frame wasn't found. */
  readonly stamp: number
  readonly position: number
  /** Ticks of the track between the time stamp and the frame. */
  readonly after: number
}

const MAX_STREAM_BYTES = 8 * 1024 * 1024

/**
 * Reads on from `begin` until every track has shown what it is, or `maxBytes` are read. A track that hasn't stays as the
 * program map has it.
 *
 * @param first bytes of the source that are there already, from its beginning
 */
export async function readBeginnings(
  source: ByteSource,
  pairs: readonly TrackWithFormat[],
  stride: number,
  begin: number,
  first: Uint8Array,
  maxBytes: number,
  options: ReadOptions,
): Promise<TrackBeginning[]> {
  const walker = new PacketWalker(stride)
  const streams = pairs.map(({ track }) => (track.kind === 'text' ? undefined : new ElementaryStream(track.id)))
  const found: (TrackBeginning | undefined)[] = pairs.map(() => undefined)
  for (const stream of streams) if (stream !== undefined) walker.add(stream)
  let bytes = first
  let base = 0
  let at = begin
  let piece = 256 * 1024
  for (let isWhole = false; ; ) {
    at = base + walker.walk(bytes, base, at - base, bytes.length)
    let isOpen = false
    streams.forEach((stream, i) => {
      if (stream === undefined || found[i] !== undefined) return
      const told = describeTrack(pairs[i]!, stream, isWhole)
      if (told !== undefined) {
        found[i] = {
          pair: told.pair,
          stamp: stream.pts[told.row]!,
          position: stream.position[told.row]!,
          after: told.after,
        }
        walker.drop(stream.pid)
      } else if (stream.length > MAX_STREAM_BYTES || stream.isScrambled) walker.drop(stream.pid)
      else isOpen = true
    })
    if (!isOpen || isWhole || at - begin >= maxBytes) break
    throwIfAborted(options.signal)
    bytes = await source.read(at, piece, options)
    base = at
    isWhole = bytes.length < 188
    piece = Math.min(piece * 2, 2 * 1024 * 1024)
  }
  return pairs.map((pair, i) => {
    const isScrambled = streams[i]?.isScrambled ?? false
    return (
      found[i] ?? {
        pair: { track: pair.track, format: { ...pair.format, isScrambled } },
        stamp: -1,
        position: begin,
        after: 0,
      }
    )
  })
}
